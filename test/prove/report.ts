import { CHECKS } from './checks/index.ts'
import { brokenChecks, type Judgement } from './judge.ts'
import type { RoundRecord } from './record.ts'
import type { RoundPlan } from './schedule.ts'

const MOST_SHOWN = 3

/** What a run has come to so far. */
export class Tally {
  rounds = 0
  readonly faults = new Map<string, number>()
  readonly leftOut = new Map<string, string>()
  readonly exercised = new Map<string, number>()
  readonly broken = new Map<string, string[]>()
  requests = 0
  commands = 0
  changes = 0
  kills = 0
  processes = 0

  leaveOut(fault: string, reason: string): void {
    this.leftOut.set(fault, reason)
  }

  add(record: RoundRecord, judgements: readonly Judgement[]): void {
    this.rounds++
    this.requests += record.requests.length
    this.commands += record.commands.length
    this.changes += record.audit.filter(({ entry: { outcome } }) => outcome === 'applied').length
    this.kills += record.kills.reduce((sum, { kills }) => sum + kills, 0)
    this.processes += record.processes.length
    for (const { fault, notDone } of record.faults) {
      if (notDone === undefined) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
    }
    for (const { check, exercised, broken } of judgements) {
      this.exercised.set(check, (this.exercised.get(check) ?? 0) + exercised)
      if (broken.length > 0) this.broken.set(check, [...(this.broken.get(check) ?? []), ...broken])
    }
  }

  get brokenCount(): number {
    return this.broken.size
  }

  get faultCount(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0)
  }

  toJson(seed: number): object {
    return {
      seed,
      rounds: this.rounds,
      requests: this.requests,
      commands: this.commands,
      changes: this.changes,
      kills: this.kills,
      processes: this.processes,
      faults: Object.fromEntries(this.faults),
      left_out: Object.fromEntries(this.leftOut),
      checks: CHECKS.map(({ name, promise }) => ({
        name,
        promise: promise ?? null,
        exercised: this.exercised.get(name) ?? 0,
        broken: this.broken.get(name) ?? [],
      })),
    }
  }
}

export function formatRound(plan: RoundPlan, record: RoundRecord, judgements: readonly Judgement[]): string {
  const done = record.faults.filter(({ notDone }) => notDone === undefined)
  const names = done.map(({ fault }) => fault).join(' ')
  const failed = record.faults.filter(({ notDone }) => notDone !== undefined)
  const head = `round ${plan.round}: ${plan.containers.length} containers, ${plan.settings.policy}, ${record.requests.length} requests, ${record.audit.length} audit lines, ${done.length} faults: ${names}`
  const lag =
    record.machineLagMs > 1_000
      ? [`  this process waited ${(record.machineLagMs / 1_000).toFixed(1)} s for a turn`]
      : []
  const lines = failed.map(({ fault, notDone }) => `  not done: ${fault}: ${notDone}`)
  const broken = judgements
    .filter(judgement => judgement.broken.length > 0)
    .flatMap(judgement => [
      `  broken: ${judgement.check}`,
      ...judgement.broken.slice(0, MOST_SHOWN).map(text => `    ${text}`),
      ...(judgement.broken.length > MOST_SHOWN ? [`    and ${judgement.broken.length - MOST_SHOWN} more`] : []),
    ])
  return [head, ...lag, ...lines, ...(brokenChecks(judgements).length > 0 ? broken : ['  all checks hold'])].join('\n')
}

/** Ends in the line that scripts/test counts. */
export function formatSummary(tally: Tally): string {
  const lines = CHECKS.map(({ name, promise }) => {
    const times = tally.exercised.get(name) ?? 0
    const broken = tally.broken.get(name)?.length ?? 0
    const title = promise === undefined ? name : `${promise} ${name}`
    if (broken > 0) return `not ok - ${title}: broken ${broken} times`
    return times === 0 ? `# not exercised - ${title}` : `ok - ${title} (exercised ${times} times)`
  })
  const passed = lines.filter(line => line.startsWith('ok')).length
  const failed = lines.filter(line => line.startsWith('not ok')).length
  const leftOut = [...tally.leftOut].map(([fault, reason]) => `# left out: ${fault}: ${reason}`)
  return [
    '',
    ...lines,
    ...leftOut,
    `${tally.rounds} rounds, ${tally.faultCount} faults, ${tally.requests} requests, ${tally.commands} commands, ${tally.changes} changes, ${tally.kills} kernel kills, ${tally.processes} daemon processes`,
    `prove: ${passed} passed, ${failed} failed, ${lines.length - passed - failed} skipped`,
  ].join('\n')
}
