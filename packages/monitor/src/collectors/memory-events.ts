import { BYTES_PER_MB, type MemoryEvents } from '@lxc-autoscale/core'
import {
  flatKeyed,
  MOST_COUNT,
  mostKills,
  mostLimitHits,
  OPTIONAL,
  type Parse,
  parseSingleValue,
} from '@lxc-autoscale/host'
import { Counter, type CounterBounds, type Timing } from '../derive/counter.ts'
import type { ContainerRun } from '../host/container-run.ts'
import { boundsIn, type Collector, type CollectorContext, type Measure, type SampleDraft } from './collector.ts'

/**
 * What happened to the memory since the last cycle: at the limit of the container itself, and at limits inside it (Docker in
 * LXC). Comes after the collector of the memory, whose figures it needs where the kernel does not tell the two apart.
 * Source: Linux, admin-guide/cgroup-v2.rst, memory.events, memory.events.local; on v1 memory.failcnt and memory.oom_control.
 */
export const memoryEvents: Collector = {
  // They are counted on: see exposition/container-metrics.ts.
  metrics: [],

  open: (run, context) => (run.layout.kind === 'unified' ? openUnified(run, context) : openLegacy(run, context)),
}

type Growth = number | undefined

const parseEvents = flatKeyed(['high', 'max', 'oom_kill', 'oom'])
const parseLocalEvents = flatKeyed(['high', 'max', 'oom'])

/**
 * The limits are in `lxc/<vmid>` and the processes below: there memory.events counts the whole tree, and memory.events.local
 * (since kernel 5.2) what met the limit of the container itself. A kill is counted where the process was, and is of the
 * container's own limit when that was out of memory, which is counted before the kill: in this cycle or the one before. What
 * is killed otherwise met a limit inside it, or the host had no memory left: a larger limit of its own would not help.
 */
function openUnified(run: ContainerRun, context: CollectorContext): Measure {
  const events = run.file('memory', 'memory.events')
  const local = run.file('memory', 'memory.events.local', OPTIONAL)
  if (events === undefined || local === undefined) return () => {}
  const hits = hitBounds(context, events)
  const ownHits = hitBounds(context, local)
  const counters = [new Counter(hits), new Counter(hits), new Counter(killBounds(context, run, events))]
  const ownCounters = [new Counter(ownHits), new Counter(ownHits), new Counter(ownHits)]
  const isLately = lately()
  const isNearLimit = nearLimit()
  let before: readonly Growth[] | undefined
  let ownBefore: readonly Growth[] | undefined
  let isBelieved = false
  /** When nothing had happened last: what happens later was not in the time before. */
  let quiet: Timing | undefined
  const catchUp = (timing: Timing) => {
    growths(counters, before ?? [], timing)
    growths(ownCounters, ownBefore ?? [], timing)
    quiet = undefined
  }
  return (sample, timing) => {
    const isNear = isNearLimit(sample)
    const values = events.read(parseEvents)
    if (values === undefined) return
    if (isBelieved && isSame(values, before)) {
      isLately(0)
      quiet = { ...timing }
      sample.memoryEvents = NOTHING_HAPPENED
      return
    }
    const isFirst = before === undefined
    if (quiet !== undefined) catchUp(quiet)
    before = values
    const grown = growths(counters, values, timing)
    // Read after the kills, so that none is seen whose cause is not; not at all while nothing happens in the whole tree.
    const ownValues = local.read(parseLocalEvents)
    local.close()
    ownBefore = ownValues
    const own = ownValues && growths(ownCounters, ownValues, timing)
    isBelieved = ![...grown, ...(own ?? [])].includes(undefined)
    if (isFirst) return
    const [high, max, kills] = grown
    const isOwn = own === undefined ? isNear : isLately(own[2])
    const [ownHigh, ownMax] = own ?? [high, shareOf(max, isNear)]
    sample.memoryEvents = {
      high: ownHigh,
      max: ownMax,
      innerMax: rest(max, ownMax),
      oomKill: shareOf(kills, isOwn),
      innerOomKill: shareOf(kills, !isOwn),
    }
  }
}

const NOTHING_HAPPENED: MemoryEvents = { high: 0, max: 0, innerMax: 0, oomKill: 0, innerOomKill: 0 }

function isSame(values: readonly Growth[], before: readonly Growth[] | undefined): boolean {
  for (let at = 0; at < values.length; at++) if (values[at] !== before?.[at]) return false
  return true
}

const parseOomControl = flatKeyed(['oom_kill'])
const parseKills: Parse<number> = text => parseOomControl(text)?.[0]

/** A kill is counted in the cgroup of the victim, and what met a limit in the cgroup of that limit. */
function openLegacy(run: ContainerRun, context: CollectorContext): Measure {
  const failures = run.file('memory', 'memory.failcnt')
  const swapFailures = run.file('memory', 'memory.memsw.failcnt', OPTIONAL)
  const tree = run.tree('memory', 'memory.oom_control')
  if (failures === undefined || swapFailures === undefined || tree === undefined) return () => {}
  const counter = new Counter(hitBounds(context, failures))
  const swapCounter = new Counter(hitBounds(context, swapFailures))
  const peak = run.file('memory', 'memory.max_usage_in_bytes', OPTIONAL)
  const isLately = lately()
  const isNearLimit = nearLimit()
  const sumKills = killsByFolder(context, run)
  let isFirst = true
  return (sample, timing) => {
    const isNear = isNearLimit(sample)
    const values = [failures.read(parseSingleValue), swapFailures.read(parseSingleValue)]
    const [max, swapMax] = growths([counter, swapCounter], values, timing)
    const killed = sumKills(tree.read(parseKills), timing)
    if (isFirst) {
      isFirst = false
      return
    }
    // A kernel that does not count swap has no limit on it that could be met.
    const met = [max, swapFailures.absence === undefined ? swapMax : 0]
    const isMet = isLately(met.includes(undefined) ? undefined : Math.max(...met.map(growth => growth ?? 0)))
    // Kernel 6.18 counts nothing where the limits of memory and of memory with swap are the same.
    const isUncounted = killed !== 0 && !values.some(Boolean) && isAtLimit(peak?.read(parseSingleValue), sample)
    const isOwn = isMet || isNear || isUncounted
    sample.memoryEvents = {
      high: undefined,
      max,
      innerMax: undefined,
      oomKill: shareOf(killed, isOwn),
      innerOomKill: shareOf(killed, !isOwn),
    }
  }
}

/** What the counters grew by. Those that could not be read stand still until they can be. */
function growths(
  counters: readonly Counter[],
  values: readonly (number | undefined)[],
  timing: Timing,
): readonly Growth[] {
  return counters.map((counter, at) => {
    const value = values[at]
    if (value === undefined) return undefined
    counter.take(value, timing)
    return counter.growth
  })
}

function hitBounds({ files, hostMost }: CollectorContext, named: { readonly path: string }): CounterBounds {
  const mostGrowth = (elapsedMs: number) => mostLimitHits(elapsedMs, hostMost().cores)
  return boundsIn(files, named, { most: MOST_COUNT, mostGrowth })
}

function killBounds({ files, hostMost }: CollectorContext, run: ContainerRun, named: { readonly path: string }) {
  const mostGrowth = (elapsedMs: number) => mostKills(elapsedMs, hostMost().cores, run.mostProcesses)
  return boundsIn(files, named, { most: MOST_COUNT, mostGrowth })
}

/** Sums the kills in each cgroup of a container up. One that appeared since the last cycle had none before. */
function killsByFolder(context: CollectorContext, run: ContainerRun) {
  let known: ReadonlyMap<string, Counter> = new Map()
  let previous: Timing | undefined
  const newCounter = (folder: string) => {
    const counter = new Counter(killBounds(context, run, { path: `${folder}/memory.oom_control` }))
    if (previous !== undefined) counter.take(0, previous)
    return counter
  }
  return (counts: ReadonlyMap<string, number> | undefined, timing: Timing): Growth => {
    if (counts === undefined) return undefined
    let total: Growth = 0
    const counters = new Map<string, Counter>()
    for (const [folder, count] of counts) {
      const counter = known.get(folder) ?? newCounter(folder)
      const isPossible = counter.take(count, timing)
      // One that shows less is another cgroup of the same name, and has no other kills than those.
      const grown = counter.growth ?? (isPossible ? count : undefined)
      total = total === undefined || grown === undefined ? undefined : total + grown
      counters.set(folder, counter)
    }
    const isFirst = previous === undefined
    known = counters
    previous = { ...timing }
    return isFirst ? undefined : total
  }
}

/** Whether a counter grew in this cycle or the one before. What it grew by may be unknown: then it may have. */
function lately(): (growth: Growth) => boolean {
  let grewBefore = false
  return growth => {
    const grew = growth === undefined || growth > 0
    const isLately = grew || grewBefore
    grewBefore = grew
    return isLately
  }
}

/** Whether a container has stood at its limit since it was started. */
function isAtLimit(peakBytes: number | undefined, { memoryLimitMb }: SampleDraft): boolean {
  return (
    peakBytes !== undefined && memoryLimitMb !== undefined && peakBytes >= memoryLimitMb * NEAR_SHARE * BYTES_PER_MB
  )
}

/** Share of the limit above which what is in use may have met it. */
const NEAR_SHARE = 0.8

/**
 * Whether a container stood near its limit in this cycle or the one before. Where that cannot be told, since its use is not
 * known or its limit is another than before, it may have.
 */
function nearLimit(): (sample: SampleDraft) => boolean {
  let limitBeforeMb: number | undefined
  let wasNear = false
  return ({ memoryUsageMb, memoryLimitMb }) => {
    const isChanged = memoryLimitMb !== limitBeforeMb
    const isNear =
      memoryLimitMb !== undefined && (memoryUsageMb === undefined || memoryUsageMb >= memoryLimitMb * NEAR_SHARE)
    const isLately = isNear || wasNear || isChanged
    limitBeforeMb = memoryLimitMb
    wasNear = isNear
    return isLately
  }
}

function shareOf(count: Growth, isShare: boolean): Growth {
  return count === undefined || isShare ? count : 0
}

/** Two counts that are not read at one moment. */
function rest(whole: Growth, part: Growth): Growth {
  return whole === undefined || part === undefined ? undefined : Math.max(0, whole - part)
}
