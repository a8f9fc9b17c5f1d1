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

/** Writes docs/proof.md from what a run came to. */
export function writeProof(root: string, tally: Tally, options: ProveOptions): void {
  const found: readonly Found[] = JSON.parse(readFileSync(join(root, 'test/prove/found.json'), 'utf8'))
  writeFileSync(join(root, 'docs/proof.md'), proofText(tally, found, commandOf(options)))
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
