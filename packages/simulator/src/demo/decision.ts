import { AllocationBody, type HistoryEntryBody, whoText } from '@lxc-autoscale/core'

/** Name of the key of the model. */
export const MODEL = 'model'

/** One figure of a container that somebody wanted changed. */
export interface Step {
  readonly resource: 'cores' | 'memory'
  readonly from: number | undefined
  readonly to: number | undefined
}

/** A change that the API was asked for, as the demo shows it. */
export interface Decision {
  readonly id: string
  readonly vmid: number
  readonly name: string
  readonly steps: readonly Step[]
  readonly outcome: HistoryEntryBody['outcome']
  readonly why: string
  /** Who asked for it, when that was not the model. */
  readonly person: string | undefined
  /** What the API says when it did not do it. */
  readonly problem: string | undefined
}

/** Reads an entry of the history; undefined when it is no change of size. */
export function toDecision(entry: HistoryEntryBody): Decision | undefined {
  if (entry.action !== 'scale') return undefined
  const before = allocation(entry.before)
  const after = allocation(entry.outcome === 'applied' ? entry.after : undefined)
  const { cores, cpulimit, memory } = entry.asked
  const who = whoText(entry)
  const steps: Step[] = [
    { resource: 'cores', from: coresOf(before), to: coresOf(after) ?? asNumber(cpulimit) ?? asNumber(cores) },
    { resource: 'memory', from: before?.memory_mb ?? undefined, to: after?.memory_mb ?? asNumber(memory) },
  ]
  return {
    id: entry.id,
    vmid: entry.lxc_id,
    name: entry.name ?? `CT${entry.lxc_id}`,
    steps: steps.filter(({ from, to }) => to !== undefined && from !== to),
    outcome: entry.outcome,
    why: entry.why ?? '',
    person: who === MODEL ? undefined : who,
    problem: entry.outcome === 'applied' ? undefined : entry.message,
  }
}

/** One line for the screen: when, which container, what, and why. */
export function decisionLine({ vmid, name, steps, outcome, why, person, problem }: Decision, seconds: number): string {
  const what = steps.map(describe).join(', ') || 'nothing to change'
  const words = person === undefined ? why : [`by ${person}`, why].filter(Boolean).join(': ')
  const because = problem === undefined ? words : `${outcome}: ${problem}`
  return `${lineHead({ vmid, name }, seconds)} ${what.padEnd(42)} ${because}`.trimEnd()
}

/** How each line on the screen begins: when, and which container. */
export function lineHead({ vmid, name }: Pick<Decision, 'vmid' | 'name'>, seconds: number): string {
  return `${seconds.toFixed(1).padStart(6)} s  ${vmid} ${name.padEnd(10)}`
}

function describe({ resource, from, to }: Step): string {
  const unit = resource === 'memory' ? ' MB' : ''
  if (from === undefined) return `${resource} → ${to ?? '?'}${unit}`
  return `${from < (to ?? 0) ? '↑' : '↓'} ${resource} ${from} → ${to ?? '?'}${unit}`
}

function allocation(value: unknown): AllocationBody | undefined {
  return AllocationBody.safeParse(value).data
}

function coresOf(value: AllocationBody | undefined): number | undefined {
  return value?.cpulimit ?? value?.cores ?? undefined
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
