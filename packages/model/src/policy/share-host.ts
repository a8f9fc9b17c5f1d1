import { type Allocation, type Decision, directionOf } from './decision.ts'
import { tidy } from './rounding.ts'

/** The host as it is measured or configured. `undefined` = not known: then that resource is not shared, the API still guards it. */
export interface SharedHost {
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  /** What processes can still have without swapping, measured. */
  readonly memoryAvailableMb: number | undefined
  readonly memoryReserveMb: number
  readonly cpuReservePercent: number
}

/** One container as the sharing sees it. */
export interface Sharer {
  readonly weight: number
  readonly coresStep: number
  readonly cpuCoresUsed: number | undefined
}

export interface SharingInput {
  readonly decisions: readonly Decision[]
  readonly host: SharedHost
  /** By container number. */
  readonly sharers: ReadonlyMap<number, Sharer>
}

const RULE = 'share-host'

/**
 * The decisions as the host can carry them, in the same order. What is left of the host goes first to containers in need,
 * then to the others, each time in proportion to their weights and no further than they asked. Nothing is ever taken from
 * a container here. The budget is what is measured to be free, not the sum of limits: every Proxmox host is overcommitted.
 */
export function shareHost(input: SharingInput): Decision[] {
  const memory = shareMemory(input)
  const cores = shareCores(input)
  return input.decisions.map((decision, index) => {
    const memoryMb = memory[index] ?? decision.to.memoryMb
    const granted = { cores: cores[index] ?? decision.to.cores, memoryMb }
    if (granted.cores === decision.to.cores && granted.memoryMb === decision.to.memoryMb) return decision
    const text = `the host is short: ${shortText(decision, granted)}`
    return {
      ...decision,
      to: granted,
      cores: directionOf(decision.from.cores, granted.cores),
      memory: directionOf(decision.from.memoryMb, granted.memoryMb),
      reasons: [...decision.reasons, { rule: RULE, text }],
    }
  })
}

function shortText({ from, to }: Decision, granted: Decision['to']): string {
  const parts = [
    ...(granted.cores === to.cores ? [] : [`cores ${from.cores} -> ${granted.cores} instead of ${to.cores}`]),
    ...(granted.memoryMb === to.memoryMb
      ? []
      : [`memory ${from.memoryMb} -> ${granted.memoryMb} instead of ${to.memoryMb} MB`]),
  ]
  return parts.join(', ')
}

type Granted = readonly (number | undefined)[]

function shareMemory({ decisions, host, sharers }: SharingInput): Granted {
  if (host.memoryAvailableMb === undefined) return decisions.map(({ to }) => to.memoryMb)
  const free = Math.max(0, host.memoryAvailableMb - host.memoryReserveMb)
  return share('memoryMb', { decisions, sharers, free, freeForNeed: free, step: () => 1 })
}

function shareCores({ decisions, host, sharers }: SharingInput): Granted {
  if (host.cores === undefined) return decisions.map(({ to }) => to.cores)
  const usedCores = [...sharers.values()].reduce((sum, { cpuCoresUsed }) => sum + (cpuCoresUsed ?? 0), 0)
  const idleCores = Math.max(0, host.cores - usedCores)
  return share('cores', {
    decisions,
    sharers,
    free: Math.max(0, idleCores - (host.cores * host.cpuReservePercent) / 100),
    freeForNeed: idleCores,
    step: vmid => sharers.get(vmid)?.coresStep ?? 1,
  })
}

function share(resource: keyof Allocation, input: Omit<GrantInput, 'asked'>): Granted {
  const growth = ({ from, to }: Decision) => (to[resource] ?? 0) - (from[resource] ?? to[resource] ?? 0)
  const asked = input.decisions.map(decision => Math.max(0, growth(decision)))
  const given = grant({ ...input, asked })
  return input.decisions.map(({ from, to }, index) =>
    (asked[index] ?? 0) > 0 ? tidy((from[resource] ?? 0) + (given[index] ?? 0)) : to[resource],
  )
}

interface GrantInput {
  readonly decisions: readonly Decision[]
  readonly asked: readonly number[]
  readonly sharers: SharingInput['sharers']
  /** What those who are not in need may share at the most, and what those in need may. */
  readonly free: number
  readonly freeForNeed: number
  readonly step: (vmid: number) => number
}

function grant(input: GrantInput): number[] {
  const { decisions, asked, free, freeForNeed } = input
  const given = asked.map(() => 0)
  const needy = decisions.flatMap(({ isInNeed }, index) => (isInNeed && (asked[index] ?? 0) > 0 ? [index] : []))
  const others = decisions.flatMap(({ isInNeed }, index) => (!isInNeed && (asked[index] ?? 0) > 0 ? [index] : []))
  const usedByNeed = fill(given, needy, freeForNeed, input)
  fill(given, others, Math.max(0, free - usedByNeed), input)
  return given
}

/** Fills the wishes of `members` from `budget` by weight (weighted max-min fairness); gives what was used. */
function fill(given: number[], members: readonly number[], budget: number, input: GrantInput): number {
  const { decisions, asked, sharers, step } = input
  const weight = (index: number) => weightOf(decisions[index], sharers)
  let open = [...members]
  let left = budget
  while (open.length > 0) {
    const level = left / open.reduce((sum, index) => sum + weight(index), 0)
    const content = open.filter(index => (asked[index] ?? 0) <= level * weight(index))
    if (content.length === 0) {
      for (const index of open) given[index] = roundDown(level * weight(index), step(decisions[index]?.vmid ?? 0))
      break
    }
    for (const index of content) given[index] = asked[index] ?? 0
    left -= content.reduce((sum, index) => sum + (asked[index] ?? 0), 0)
    open = open.filter(index => !content.includes(index))
  }
  return members.reduce((sum, index) => sum + (given[index] ?? 0), 0)
}

function roundDown(value: number, step: number): number {
  return Math.floor(value / step + 1e-9) * step
}

function weightOf(decision: Decision | undefined, sharers: SharingInput['sharers']): number {
  return (decision === undefined ? undefined : sharers.get(decision.vmid)?.weight) ?? 1
}
