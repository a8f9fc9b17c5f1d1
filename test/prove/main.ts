import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FAULTS } from './faults/index.ts'
import { brokenChecks, type Judgement, judge } from './judge.ts'
import { type ProveOptions, parseOptions } from './options.ts'
import { formatRound, formatSummary, Tally } from './report.ts'
import { runRound } from './run-round.ts'
import { planRound, type RoundPlan } from './schedule.ts'
import { shrink } from './shrink.ts'
import { findAbilities } from './site.ts'
import { writeProof } from './write-proof.ts'

const MS_PER_MINUTE = 60_000
/** A round takes its time, and about so much more to start, to recover and to stop. */
const AROUND_MS = 12_000

/** @param root of the repository */
export async function main(root: string, words: readonly string[]): Promise<number> {
  const options = parseOptions(words)
  if (typeof options === 'string') {
    console.error(options)
    return 2
  }
  // The folders, processes and mounts of a round go with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
  const abilities = findAbilities()
  const out = options.isJson ? () => undefined : (text: string) => console.log(text)
  const tally = new Tally()
  for (const { name, unavailable } of FAULTS) {
    const reason = unavailable?.(abilities)
    if (reason !== undefined) tally.leaveOut(name, reason)
  }
  const run = (plan: RoundPlan) => runRound(plan, { abilities, root })
  out(`prove: seed ${options.seed}${options.replay === undefined ? '' : `, replaying ${options.replay}`}`)
  let failing: { readonly plan: RoundPlan; readonly judgements: readonly Judgement[] } | undefined
  for await (const plan of plans(options)) {
    const record = await run(plan)
    const judgements = judge(record)
    tally.add(record, judgements)
    out(formatRound(plan, record, judgements))
    if (options.recordFile !== undefined)
      writeFileSync(options.recordFile, JSON.stringify({ plan, record, judgements }, undefined, 1))
    if (failing === undefined && brokenChecks(judgements).length > 0) failing = { plan, judgements }
  }
  if (failing !== undefined) await giveShortest(failing, { options, run, out })
  if (options.writesDocs) await writeProof(root, tally, options)
  if (options.isJson) console.log(JSON.stringify(tally.toJson(options.seed)))
  else console.log(formatSummary(tally))
  return tally.brokenCount === 0 ? 0 : 1
}

/** The rounds of this run: as many as the time allows, at least one. */
async function* plans(options: ProveOptions): AsyncGenerator<RoundPlan> {
  if (options.replay !== undefined) {
    const plan: RoundPlan = JSON.parse(readFileSync(options.replay, 'utf8'))
    for (let time = 0; time < options.times; time++) yield plan
    return
  }
  const endMs = performance.now() + options.minutes * MS_PER_MINUTE
  const { seed, containers: containerCount, faults } = options
  for (let round = options.firstRound; ; round++) {
    const leftMs = endMs - performance.now()
    const isFirst = round === options.firstRound
    if (!isFirst && leftMs < options.roundMs + AROUND_MS) return
    yield planRound({ seed, round, durationMs: options.roundMs, containerCount, faults })
  }
}

interface Shrinking {
  readonly options: ProveOptions
  readonly run: (plan: RoundPlan) => ReturnType<typeof runRound>
  readonly out: (text: string) => void
}

/** Looks for a smaller plan that fails in the same way, for a while, and writes the smallest to a file. */
async function giveShortest(
  { plan, judgements }: { readonly plan: RoundPlan; readonly judgements: readonly Judgement[] },
  { options, run, out }: Shrinking,
): Promise<void> {
  const [wanted = ''] = brokenChecks(judgements)
  const endMs = performance.now() + options.shrinkMinutes * MS_PER_MINUTE
  out(`\nlooking for a shorter schedule that breaks '${wanted}', for ${options.shrinkMinutes} min at most`)
  const shortest = await shrink(plan, async smaller => {
    if (performance.now() > endMs) return undefined
    const isFailing = brokenChecks(judge(await run(smaller))).includes(wanted)
    out(
      `  ${smaller.faults.length} faults, ${smaller.requests.length} requests: ${isFailing ? 'still broken' : 'holds'}`,
    )
    return isFailing
  })
  const file = options.failureFile ?? join(tmpdir(), `prove-${plan.seed}-${plan.round}.json`)
  writeFileSync(file, `${JSON.stringify(shortest, undefined, 2)}\n`)
  for (const { fault, atMs, forMs, on } of shortest.faults) {
    out(`  ${(atMs / 1_000).toFixed(1)} s, for ${(forMs / 1_000).toFixed(1)} s: ${fault} ${JSON.stringify(on)}`)
  }
  out(
    `seed ${plan.seed}, round ${plan.round}: ${shortest.faults.length} of ${plan.faults.length} faults and ${shortest.requests.length} of ${plan.requests.length} requests are enough`,
  )
  out(`npm run prove -- --replay ${file}`)
  out('the schedule is the same each time; what processes and the kernel do between its moments is not')
}
