import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKS } from './checks/index.ts'
import { FAULTS } from './faults/index.ts'
import type { ProveOptions } from './options.ts'
import type { Tally } from './report.ts'

interface Found {
  readonly what: string
  readonly where: string
  readonly mended: string
}

interface PlantedBug {
  readonly name: string
  readonly file: string
  readonly caughtBy?: string
  readonly test?: string
}

interface LongRunTexts {
  realText(results: unknown): string
  soakText(results: unknown): string
}

/** Writes docs/proof.md from what a run came to, and from what the other runs wrote that take longer. */
export async function writeProof(root: string, tally: Tally, options: ProveOptions): Promise<void> {
  const read = (name: string) => JSON.parse(readFileSync(join(root, 'test/prove', name), 'utf8'))
  const texts: LongRunTexts = await import(join(root, 'test/e2e/recording/results-text.mjs'))
  const parts = [
    proofText(tally, read('found.json'), commandOf(options)),
    bugsText(read('mutants-results.json')),
    longRun('Real software on real kernels', 'prove:real', 'real', texts.realText(read('real-results.json'))),
    longRun('Over time', 'prove:soak', 'soak', texts.soakText(read('soak-results.json'))),
  ]
  writeFileSync(join(root, 'docs/proof.md'), parts.join('\n'))
}

function longRun(title: string, script: string, name: string, text: string): string {
  const files = `--json test/prove/${name}-results.json --svg docs/proof-${name}.svg`
  return `## ${title}

Written by \`npm run ${script} -- ${files}\`.

${text}
![${title}](proof-${name}.svg)
`
}

function bugsText(bugs: readonly PlantedBug[]): string {
  return `## Deliberate bugs

Each is planted into a copy of the code, and the suites that are meant to notice it run: \`npm run prove:mutants -- --json test/prove/mutants-results.json\`.

| bug | in | caught by | first by the test |
|---|---|---|---|
${bugs.map(({ name, file, caughtBy, test }) => `| ${name} | ${file} | ${caughtBy ?? 'nothing'} | ${test ?? ''} |`).join('\n')}
`
}

function commandOf({ minutes, seed, containers }: ProveOptions): string {
  const more = containers === undefined ? '' : ` --containers ${containers}`
  return `npm run prove -- --minutes ${minutes} --seed ${seed}${more} --write-docs`
}

function proofText(tally: Tally, found: readonly Found[], command: string): string {
  return `# What was tried

Written by the run itself: \`${command}\`.

The three built daemons ran on a pretend Proxmox host (packages/simulator) while faults were made at random moments and a
client sent requests with Idempotency-Keys. Everything that could be seen was recorded, and rules were checked over the whole
record. The schedule depends on nothing but the seed; what processes do between its moments does not repeat exactly, so that
another run of the same command counts a little differently.

This run: ${tally.rounds} rounds, ${tally.faultCount} faults, ${tally.requests} requests, ${tally.commands} commands on the host,
${tally.changes} changes made, ${tally.kills} processes killed by the pretend kernel, ${tally.processes} processes of daemons.

## Faults

| fault | what | times |
|---|---|---|
${FAULTS.map(({ name, about }) => `| ${name} | ${about} | ${tally.leftOut.has(name) ? `left out: ${tally.leftOut.get(name)}` : (tally.faults.get(name) ?? 0)} |`).join('\n')}

## Checks

How often there was something that could have been wrong, and how often it was. A check that was never exercised says nothing.

| check | promise | what | exercised | broken |
|---|---|---|---|---|
${CHECKS.map(({ name, promise, about }) => `| ${name} | ${promise ?? ''} | ${about} | ${tally.exercised.get(name) ?? 0} | ${tally.broken.get(name)?.length ?? 0} |`).join('\n')}

That each check can fail is tested: \`npx vitest run --config test/vitest.config.ts --project unit test/unit/prove\`.

## What it has found

| what | where | how it is now |
|---|---|---|
${found.map(({ what, where, mended }) => `| ${what} | ${where} | ${mended} |`).join('\n')}
`
}
