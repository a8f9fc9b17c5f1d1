import { type Allocation, type Decision, directionOf, type PerResource } from './decision.ts'
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
  readonly memoryStepMb: number
  /** What is granted of a wish that is not out of need is at least this share of what it has; one whole core is always enough. */
  readonly minChangePercent: number
  readonly cpuCoresUsed: number | undefined
}

const UNKNOWN_SHARER: Sharer = {
  weight: 1,
  coresStep: 1,
  memoryStepMb: 1,
  minChangePercent: 0,
  cpuCoresUsed: undefined,
}

export interface SharingInput {
  readonly decisions: readonly Decision[]
  readonly host: SharedHost
  /** By container number. */
  readonly sharers: ReadonlyMap<number, Sharer>
}

/** Name of the rule. */
export const SHARE_HOST = 'share-host'

/**
 * The decisions as the host can carry them, in the same order. What is left of the host goes first to containers in need,
 * then to the others, each time in proportion to their weights and no further than they asked. Nothing is ever taken from
 * a container here. The budget is what is measured to be free, not the sum of limits: every Proxmox host is overcommitted.
 */
export function shareHost(input: SharingInput): Decision[] {
  const memory = shareMemory(input)
  const cores = shareCores(input)
  return input.decisions.map((decision, index) => {
    const { from, to, heldBy, heldUntilMs, reasons } = decision
    const granted = { cores: cores[index] ?? to.cores, memoryMb: memory[index] ?? to.memoryMb }
    const isCores = granted.cores !== to.cores
    const isMemory = granted.memoryMb !== to.memoryMb
    if (!isCores && !isMemory) return decision
    const text = 'the host is short of what is asked for:'
    return {
      ...decision,
      to: granted,
      cores: directionOf(from.cores, granted.cores),
      memory: directionOf(from.memoryMb, granted.memoryMb),
      heldBy: withCut(heldBy, SHARE_HOST, { cores: isCores, memory: isMemory }),
      heldUntilMs: withCut(heldUntilMs, undefined, { cores: isCores, memory: isMemory }),
      reasons: [
        ...reasons,
        ...(isCores ? [{ rule: SHARE_HOST, text: `cores: ${text} ${granted.cores} instead of ${to.cores}` }] : []),
        ...(isMemory
          ? [{ rule: SHARE_HOST, text: `memory: ${text} ${granted.memoryMb} MB instead of ${to.memoryMb} MB` }]
          : []),
      ],
    }
  })
}

/** `by` of each resource that is cut here. */
function withCut<Value>(of: PerResource<Value>, by: Value, isCut: PerResource<boolean>): PerResource<Value> {
  return { cores: isCut.cores ? by : of.cores, memory: isCut.memory ? by : of.memory }
}

type Granted = readonly (number | undefined)[]

function shareMemory({ decisions, host, sharers }: SharingInput): Granted {
  if (host.memoryAvailableMb === undefined) return decisions.map(({ to }) => to.memoryMb)
  const free = Math.max(0, host.memoryAvailableMb - host.memoryReserveMb)
  const grid = ({ memoryStepMb, minChangePercent }: Sharer) => ({ step: memoryStepMb, leastPercent: minChangePercent })
  return share('memoryMb', grid, { decisions, sharers, free, freeForNeed: free })
}

function shareCores({ decisions, host, sharers }: SharingInput): Granted {
  if (host.cores === undefined) return decisions.map(({ to }) => to.cores)
  const usedCores = [...sharers.values()].reduce((sum, { cpuCoresUsed }) => sum + (cpuCoresUsed ?? 0), 0)
  const idleCores = Math.max(0, host.cores - usedCores)
  const grid = ({ coresStep, minChangePercent }: Sharer) => ({
    step: coresStep,
    leastPercent: coresStep === 1 ? 0 : minChangePercent,
  })
  return share('cores', grid, {
    decisions,
    sharers,
    free: Math.max(0, idleCores - (host.cores * host.cpuReservePercent) / 100),
    freeForNeed: idleCores,
  })
}

/** The sizes that a part of a wish may lead to: multiples of `step`, and by how much they must differ at the least. */
type Grid = (sharer: Sharer) => { readonly step: number; readonly leastPercent: number }

function share(resource: keyof Allocation, grid: Grid, input: Omit<GrantInput, 'asked' | 'part'>): Granted {
  const growth = ({ from, to }: Decision) => (to[resource] ?? 0) - (from[resource] ?? to[resource] ?? 0)
  const asked = input.decisions.map(decision => Math.max(0, growth(decision)))
  const part = (index: number, room: number): number => {
    const { vmid = 0, from, isInNeed = false } = input.decisions[index] ?? {}
    const { step, leastPercent } = grid(input.sharers.get(vmid) ?? UNKNOWN_SHARER)
    const had = from?.[resource] ?? 0
    const growth = roundDown(had + room, step) - had
    return growth < (isInNeed ? 0 : (had * leastPercent) / 100) ? 0 : Math.max(0, growth)
  }
  const given = grant({ ...input, asked, part })
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
  /** How much a member that cannot have all it asked for grows, with `room` to do so. */
  readonly part: (index: number, room: number) => number
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
  const { decisions, asked, sharers, part } = input
  const weight = (index: number) => weightOf(decisions[index], sharers)
  let open = [...members]
  let left = budget
  while (open.length > 0) {
    const level = left / open.reduce((sum, index) => sum + weight(index), 0)
    const content = open.filter(index => (asked[index] ?? 0) <= level * weight(index))
    if (content.length === 0) {
      for (const index of open) given[index] = part(index, level * weight(index))
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
