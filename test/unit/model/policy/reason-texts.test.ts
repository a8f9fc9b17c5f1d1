import { MAX_REASON_CHARACTERS } from '@lxc-autoscale/core'
import { ContainerSizer, type Decision, isChange } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'
import { reasonText } from '../../../../packages/model/src/cycle/change-log.ts'
import { Random } from '../../../../packages/model/src/forest/random.ts'
import type { ContainerSettings } from '../../../../packages/model/src/policy/container-settings.ts'
import type {
  Allocation,
  Circumstances,
  Direction,
  LocalSample,
} from '../../../../packages/model/src/policy/decision.ts'
import type { Limits } from '../../../../packages/model/src/policy/limits.ts'
import { Schedule, Tier } from '../../../../packages/model/src/policy/settings.ts'
import { shareHost } from '../../../../packages/model/src/policy/share-host.ts'
import { circumstances, localSample, MONDAY_MS, settings } from '../../../builders/sizing.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** On a machine that is busy with other things. */
const SLOWEST_MS = 120_000

/** Few lives in which every sentence comes; others need days. */
const SEEDS = [151, 2, 9, 104, 26, 16, 42, 1, 3]
const MINUTES = 420

/** What happened to a sizer, so that it can happen once more with something else in it. */
type Event =
  | { readonly kind: 'sample'; readonly sample: LocalSample }
  | { readonly kind: 'decide'; readonly moment: Circumstances }
  | { readonly kind: 'applied'; readonly after: Limits; readonly atMs: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'failed'; readonly decision: Decision; readonly atMs: number; readonly isRefused: boolean }

/** A decision, for as long as nothing else has happened. */
interface Made {
  readonly decision: Decision
  /** The words of the policy. */
  readonly words: { readonly cores: string; readonly memory: string }
  readonly moment: Circumstances
  readonly settings: ContainerSettings
  /** Everything before it. */
  readonly events: readonly Event[]
  /** Samples since it is known, the newest last. */
  readonly samples: readonly LocalSample[]
}

/** A seeded life of a container in a closed loop, with settings, a load and mishaps of its own. */
function* lives(): Generator<Made> {
  for (const seed of SEEDS) yield* life(seed, MINUTES)
}

function* life(seed: number, minutes: number): Generator<Made> {
  const random = new Random(seed)
  const inForce = randomSettings(random)
  const load = randomLoad(random)
  let allocation = { cores: pick(random, [1, 2, 4, 8]), memoryMb: pick(random, [256, 512, 1_024, 4_096]) }
  let sizer = new ContainerSizer({ vmid: 101, settings: inForce, createdMs: MONDAY_MS })
  const startMs = MONDAY_MS + random.uniform() * 24 * HOUR_MS
  const events: Event[] = []
  const samples: LocalSample[] = []
  const isHostShort = random.uniform() < 0.2
  let [nowMs, isStalling] = [startMs, false]
  for (let step = 0; step < minutes; step++) {
    // Looked at once more before there is another sample.
    const isSoon = random.uniform() < 0.1
    nowMs += isSoon ? 10_000 : MINUTE_MS
    const sample = measured(load((nowMs - startMs) / MINUTE_MS), { allocation, timeMs: nowMs, isStalling, random })
    isStalling = (sample.swapUsageMb ?? 0) > 0 || random.uniform() < 0.03
    if (!isSoon && random.uniform() > 0.01) {
      samples.push(sample)
      events.push({ kind: 'sample', sample })
      sizer.observe(sample)
    }
    if (random.uniform() < 0.003) {
      sizer = restarted(sizer, inForce)
      events.push({ kind: 'restart' })
    }
    if (random.uniform() < 0.002) allocation = { ...allocation, cores: allocation.cores + 1 }
    const moment = momentOf({ allocation, nowMs, needMb: sample.memoryUsageMb ?? 0, random })
    const own = sizer.decide(moment)
    events.push({ kind: 'decide', moment })
    const decision = isHostShort ? shared(own, inForce) : own
    yield { decision, words: sizer.explain(), moment, settings: inForce, events, samples }
    if (!isChange(decision)) continue
    if (random.uniform() < 0.04) {
      const isRefused = random.uniform() < 0.5
      sizer.failed(nowMs, isRefused ? { decision, resource: undefined } : undefined)
      events.push({ kind: 'failed', decision, atMs: nowMs, isRefused })
      continue
    }
    allocation = { cores: decision.to.cores ?? 1, memoryMb: decision.to.memoryMb ?? 512 }
    sizer.applied(allocation, nowMs)
    events.push({ kind: 'applied', after: allocation, atMs: nowMs })
  }
}

function restarted(sizer: ContainerSizer, inForce: ContainerSettings): ContainerSizer {
  return new ContainerSizer({ vmid: 101, settings: inForce, saved: JSON.parse(JSON.stringify(sizer.serialise())) })
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[random.below(values.length)]
  if (value === undefined) throw new Error('nothing to pick from')
  return value
}

function randomSettings(random: Random): ContainerSettings {
  const rarely = <Value>(value: Value): Value | undefined => (random.uniform() < 0.15 ? value : undefined)
  const scaling = {
    policy: pick(random, ['adaptive', 'adaptive', 'threshold']),
    mode: pick(random, ['auto', 'auto', 'auto', 'auto', 'grow_only', 'recommend']),
    cpu_unit: pick(random, ['cores', 'cpulimit']),
    learning_hours: pick(random, [0, 0, 0.5, 3]),
    min_change_percent: pick(random, [0, 2.5, 5, 5, 20]),
    max_changes_per_hour: pick(random, [1, 6, 12, 60]),
    memory_shrink_step_percent: pick(random, [10, 50]),
    pressure_limit_percent: pick(random, [5, 10]),
    cpu_scale_down_threshold: pick(random, [20, 30, 55]),
    ram_scale_down_threshold: pick(random, [30, 62.5]),
    grow_cooldown_seconds: pick(random, [60, 600]),
  }
  const tier = {
    ids: [101],
    ...defined({
      min_ram_mb: rarely(2_048),
      min_cpu_cores: rarely(3),
      max_ram_mb: rarely(2_048),
      max_cpu_cores: rarely(3),
    }),
  }
  const schedule = {
    from: '06:00',
    to: '18:00',
    shrink: pick(random, ['any', 'only_here', 'never_here']),
    ...defined({ min_cpu_cores: rarely(4), min_ram_mb: rarely(1_500) }),
  }
  return settings(scaling, {
    tiers: { db: Tier.parse(tier) },
    schedules: random.uniform() < 0.3 ? { office: Schedule.parse(schedule) } : {},
  })
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

interface Load {
  readonly cores: number
  readonly memoryMb: number
}

function randomLoad(random: Random): (minute: number) => Load {
  const cores = pick(random, [0.05, 0.5, 1, 3])
  const memoryMb = pick(random, [60, 200, 900, 2_000])
  const rise = pick(random, [0, 0, 0.3, 3])
  const period = pick(random, [7, 45, 150, 230])
  const height = pick(random, [0, 0.1, 1, 4, 9])
  return minute => {
    const wave = 1 + height * Math.max(0, Math.sin((2 * Math.PI * minute) / period)) ** 4
    const noise = 1 + 0.05 * random.uniform()
    return { cores: cores * wave * noise, memoryMb: memoryMb * (1 + (wave - 1) / 3) * noise + rise * minute }
  }
}

interface Plant {
  readonly allocation: { readonly cores: number; readonly memoryMb: number }
  readonly timeMs: number
  /** It swapped in the minute before. */
  readonly isStalling: boolean
  readonly random: Random
}

const SWAP_MB = 300

/** What a monitor sees of a load that meets its allocation. */
function measured({ cores, memoryMb }: Load, { allocation, timeMs, isStalling, random }: Plant): LocalSample {
  // A burst is throttled although little is used over the minute.
  const isBurst = random.uniform() < 0.01
  const isShort = isBurst || cores > allocation.cores
  const wasKilled = memoryMb > allocation.memoryMb + SWAP_MB
  const usedMb = wasKilled ? 0.6 * allocation.memoryMb : Math.min(memoryMb, allocation.memoryMb)
  return localSample({
    timeMs,
    allocation,
    cpuCoresUsed: Math.min(cores, allocation.cores) * (isBurst ? 0.3 : 1),
    cpuThrottledPercent: isShort ? 40 : 0,
    cpuPressurePercent: isShort && !isBurst ? 60 : 1,
    memoryUsedMb: usedMb,
    memoryFloorMb: 0.8 * usedMb,
    swapUsedMb: wasKilled ? 0 : Math.max(0, memoryMb - allocation.memoryMb),
    memoryPressurePercent: isStalling ? 20 * random.uniform() : 0,
    memoryMaxEvents: memoryMb > 0.95 * allocation.memoryMb ? 3 : 0,
    oomKills: wasKilled ? 1 + random.below(2) : 0,
  })
}

interface Momentary {
  readonly allocation: Allocation
  readonly nowMs: number
  readonly needMb: number
  readonly random: Random
}

function momentOf({ allocation, nowMs, needMb, random }: Momentary): Circumstances {
  const isRare = (share: number) => random.uniform() < share
  return circumstances({
    nowMs,
    allocation,
    leastMemoryMb: isRare(0.01) ? undefined : Math.ceil(1.05 * needMb + 32),
    verdict: isRare(0.02) ? { isAbnormal: true, confidence: 90, why: 'unlike itself: score 0.7 above 0.6' } : undefined,
    lock: isRare(0.01) ? 'backup' : '',
    isHistoryKnown: !isRare(0.02),
    isRunning: !isRare(0.003),
    uptimeMs: isRare(0.01) ? 30_000 : HOUR_MS,
    rawCores: isRare(0.005) ? 'lxc.cgroup2.cpuset.cpus: 0-1' : undefined,
  })
}

function shared(decision: Decision, { sizing, scaling }: ContainerSettings): Decision {
  const host = { cores: 16, memoryMb: 16_384, memoryAvailableMb: 1_200, memoryReserveMb: 1_024, cpuReservePercent: 5 }
  const sharer = {
    weight: 1,
    coresStep: sizing.coresStep,
    memoryStepMb: scaling.memory_step_mb,
    minChangePercent: scaling.min_change_percent,
    cpuCoresUsed: 14.5,
  }
  return shareHost({ decisions: [decision], host, sharers: new Map([[decision.vmid, sharer]]) })[0] ?? decision
}

/** What a sentence is held against. */
interface Truth extends Made {
  readonly on: 'cores' | 'memory'
  readonly from: number
  readonly to: number
  readonly knownMs: number
  readonly newest: LocalSample
}

/** A sentence: its rule, its words, and whether the numbers in it stand to each other, and to what happened, as it says. */
type Sentence = readonly [rule: string, words: RegExp, isTrue?: (numbers: readonly number[], truth: Truth) => boolean]

const N = '(-?\\d+(?:\\.\\d+)?)'
const CORES = `${N} cores?`
const SPAN = '(?:\\d+ (?:min|hours|days)|the \\d+ (?:min|hours|days) that it is known)'
const LAST = '(?:the last \\d+ (?:min|hours)|the \\d+ (?:min|hours) that it is known)'
const WHEN = '(?: \\((?:in the last hours|\\d+ (?:hours|days) ago)\\))?'
const LEFT = '\\d+(?:\\.\\d+)? (?:s|min|h)'
const BILL = '(?:never too small|too small \\d+ min a week), \\d+ % unused'
const PEAK = `peak of (?:30 minutes|the hour or the usual)(?:, \\d+ % towards the peak of ${SPAN})?|peak of ${SPAN}`
const WON = `(?:${PEAK}), \\+\\d+ %`
const MARGIN = `and ${N} MB \\(\\d+ %(?:, the least;| of the) largest leap in an hour ${N} MB\\)`
const WISHES = {
  peak: `peak of ${SPAN}, ${N} MB${WHEN}, ${MARGIN}`,
  killed: `killed with ${N} MB${WHEN}, which counts as ${N} MB, ${MARGIN}`,
  growth: `uses ${N} MB and rose by up to ${N} MB at once in ${SPAN}`,
  jump: `killed for lack of memory with ${N} MB: ${N} times that`,
}

/** The host had not as much, whatever is said of limits. */
const isShared = ({ decision, on }: Truth) => decision.heldBy[on] === 'share-host'
const apart = (a: number, b: number) => Math.abs(a - b)
const ofLast = ({ samples, moment }: Made, minutes: number) =>
  samples.filter(({ timestampMs }) => timestampMs > moment.nowMs - minutes * MINUTE_MS)
const usedCores = (samples: readonly LocalSample[]) => samples.map(({ cpuCoresUsed = 0 }) => cpuCoresUsed)
const isShort = ({ cpuThrottledPercent = 0 }: LocalSample) => cpuThrottledPercent >= 5
const wantedCores = (sample: LocalSample) => (sample.cpuCoresUsed ?? 0) * (isShort(sample) ? 1.1 : 1)
const isKilled = ({ memoryEvents }: LocalSample) => (memoryEvents?.oomKill ?? 0) > 0
const neededMb = (sample: LocalSample) =>
  isKilled(sample) ? (sample.memoryLimitMb ?? 0) : (sample.memoryUsageMb ?? 0) + (sample.swapUsageMb ?? 0)
const hasKill = (samples: readonly LocalSample[], limitMb: number) =>
  samples.some(sample => isKilled(sample) && apart(neededMb(sample), limitMb) <= 1)
const isPeak = (samples: readonly LocalSample[], mb: number) =>
  apart(Math.max(...samples.map(neededMb)), mb) <= 0.5 + 1e-6

/** What may stand before the words of the policy `adaptive`, and say what became of the wish. */
const BECAME: readonly Sentence[] = [
  [
    'adaptive',
    new RegExp(`^most wanted in ${LAST}, (?:${N} MB|${CORES}); now (?:${N} MB|${CORES}): `),
    ([most = 0, now = 0]) => most > now,
  ],
  [
    'adaptive',
    new RegExp(`^wants (?:${N} MB|${CORES}), and grows by ${N} % at least: `),
    ([wanted = 0, percent = 0], { from }) => wanted - 0.5 <= from * (1 + percent / 100),
  ],
  [
    'adaptive',
    new RegExp(`^wants (?:${N} MB|${CORES}), within ${N} % of what it has: `),
    ([wanted = 0, percent = 0], { from }) => apart(wanted, from) <= (from * percent) / 100 + 0.51,
  ],
  ['adaptive', new RegExp(`^changed too often lately to shrink; wants ${CORES}: `)],
]

const MEMORY_WISHES: readonly Sentence[] = [
  ['adaptive', new RegExp(`^${WISHES.peak}$`), ([peak = 0], { samples }) => isPeak(samples, peak)],
  [
    'adaptive',
    new RegExp(`^${WISHES.killed}$`),
    ([limit = 0, counts = 0], { samples }) => hasKill(samples, limit) && apart(1.3 * limit, counts) <= 1.2,
  ],
  ['adaptive', new RegExp(`^${WISHES.growth}$`), ([uses = 0], { samples }) => isPeak(samples.slice(-2), uses)],
  [
    'adaptive',
    new RegExp(`^${WISHES.jump}$`),
    ([limit = 0], { newest, from }) => isKilled(newest) && apart(limit, from) <= 0.5,
  ],
]

/** Every sentence that a decision may give as its reason, without the resource before it. */
const SENTENCES: readonly Sentence[] = [
  [
    'adaptive',
    new RegExp(`^the most it wanted so far is ${CORES}, and 15 % more: not known long enough for more$`),
    ([most = 0], { samples, knownMs }) =>
      knownMs < 3 * HOUR_MS && apart(Math.max(...samples.map(wantedCores)), most) < 0.006,
  ],
  [
    'adaptive',
    new RegExp(`^it used ${CORES} in the last 5 minutes$`),
    ([used = 0], truth) => usedCores(ofLast(truth, 5.2)).some(cores => apart(cores, used) < 0.006),
  ],
  [
    'adaptive',
    new RegExp(`^short of cores: up to the ${CORES} of the peak of ${SPAN}$`),
    ([peak = 0], { samples, newest }) => isShort(newest) && apart(Math.max(...samples.map(wantedCores)), peak) < 0.006,
  ],
  [
    'adaptive',
    new RegExp(`^short of cores with ${CORES}: ${N} times that$`),
    ([had = 0, factor = 0], { newest, from, to, decision }) =>
      isShort(newest) && had <= from + 0.01 && (decision.heldBy.cores !== undefined || to >= had * factor - 0.01),
  ],
  [
    'adaptive',
    new RegExp(
      `^short of cores, and known for less than an hour: no more than 2 times the ${CORES} that it has needed so far$`,
    ),
    (_, { newest, knownMs }) => isShort(newest) && knownMs < HOUR_MS,
  ],
  [
    'adaptive',
    new RegExp(`^${CORES} is the least it may have; less by ${WON}$`),
    ([least = 0], { settings: { sizing } }) => apart(least, Math.max(sizing.minCores, sizing.coresStep)) < 1e-6,
  ],
  [
    'adaptive',
    new RegExp(`^${WON}: ${BILL}(?:; next: ${WON} \\(${CORES}\\): ${BILL})?$`),
    (_, { knownMs }) => knownMs >= 3 * HOUR_MS,
  ],
  ['threshold', new RegExp(`^${N} % of the allocation used, above ${N} %$`), ([used = 0, limit = 0]) => used > limit],
  ['threshold', new RegExp(`^${N} % of the allocation used, below ${N} %$`), ([used = 0, limit = 0]) => used < limit],
  [
    'threshold',
    new RegExp(`^${N} % of the allocation used, between ${N} and ${N} %$`),
    ([used = 0, low = 0, high = 0]) => used >= low && used <= high,
  ],
  [
    'threshold',
    new RegExp(`^${N} % of the allocation used, below ${N} %, but (?:${N} MB|${CORES}) less would leave nothing$`),
    ([used = 0, limit = 0, step = 0], { from }) => used < limit && step >= from,
  ],
  [
    'threshold',
    new RegExp(
      `^${N} % of the allocation used, below ${N} %, but with (?:${N} MB|${CORES}) less it would be ${N} %, above ${N} %$`,
    ),
    ([used = 0, low = 0, , then = 0, high = 0]) => used < low && then > high,
  ],
  [
    'grow-under-pressure',
    new RegExp(
      `^${N} process(?: was|es were) killed for lack of memory: at once (?:20 % more|64 MB more|room for the ${N} MB that it uses and has swapped out)$`,
    ),
    ([killed = 0], { newest }) => newest.memoryEvents?.oomKill === killed,
  ],
  [
    'grow-under-pressure',
    new RegExp(
      `^stalls for memory ${N} % of the time, of which ${N} % is too much(?: with swap in use| at its limit)?: at once (?:20 % more|64 MB more|room for the ${N} MB that it uses and has swapped out)$`,
    ),
    ([stalls = 0, most = 0]) => stalls >= most,
  ],
  [
    'hold-in-grow-only',
    /^not shrunk in mode grow_only \(scaling\)$/,
    (_, { settings: { scaling } }) => scaling.mode === 'grow_only',
  ],
  ['hold-while-learning', new RegExp(`^not shrunk yet: watched for ${LEFT}; ${LEFT} to go$`)],
  ['hold-while-abnormal', /^not shrunk while it is abnormal: unlike itself: score 0.7 above 0.6$/],
  ['hold-without-history', /^not shrunk while the audit log cannot be read$/],
  [
    'hold-in-quarantine',
    new RegExp(`^not shrunk for another ${LEFT}: a process was killed for lack of memory$`),
    (_, { samples }) => samples.some(isKilled),
  ],
  ['hold-in-shrink-cooldown', new RegExp(`^not shrunk for another ${LEFT}: it was changed ${LEFT} ago$`)],
  [
    'hold-in-shrink-cooldown',
    new RegExp(`^not shrunk for another ${LEFT}: a change failed ${LEFT} ago$`),
    (_, { events }) => events.some(({ kind }) => kind === 'failed'),
  ],
  ['hold-in-grow-cooldown', new RegExp(`^not grown for another ${LEFT}: it grew ${LEFT} ago$`)],
  [
    'hold-in-grow-cooldown',
    new RegExp(`^not grown for another ${LEFT}: a change failed ${LEFT} ago$`),
    (_, { events }) => events.some(({ kind }) => kind === 'failed'),
  ],
  [
    'limit-memory-shrink',
    /^not shrunk: the API does not say how little memory is safe now$/,
    (_, { moment }) => moment.leastMemoryMb === undefined,
  ],
  [
    'limit-memory-shrink',
    new RegExp(`^not shrunk: it stalls for memory ${N} % of the time, of which ${N} % is too much$`),
    ([stalls = 0, most = 0]) => stalls >= most,
  ],
  [
    'limit-memory-shrink',
    new RegExp(
      `^not below ${N} MB: (?:at most \\d+ % at once \\(memory_shrink_step_percent\\)|what the API allows at this moment|what it uses and has swapped out)$`,
    ),
    ([least = 0], { to, from }) => to >= Math.min(least, from),
  ],
  ['keep-schedule', /^not shrunk (?:inside|outside) the schedule office$/],
  [
    'keep-schedule',
    new RegExp(`^at least (?:${N} MB|${CORES}) inside the schedule office$`),
    ([least = 0], truth) => truth.to >= least || isShared(truth),
  ],
  [
    'keep-within-limits',
    new RegExp(`^at least (?:${N} MB|${CORES}) \\(min_(?:ram_mb|cpu_cores), .*\\)$`),
    ([least = 0], truth) => truth.to === least || truth.to === truth.from || isShared(truth),
  ],
  [
    'keep-within-limits',
    new RegExp(`^at most (?:${N} MB|${CORES}) \\(max_(?:ram_mb|cpu_cores), .*\\)$`),
    ([most = 0], { to, from }) => to <= most || to === from,
  ],
  [
    'keep-within-limits',
    new RegExp(`^in steps of (?:${N} MB|${CORES}) that is what it has$`),
    (_, { to, from }) => to === from,
  ],
  [
    'hold-small-changes',
    new RegExp(`^${N} % is less than min_change_percent, ${N} %$`),
    ([percent = 0, least = 0]) => percent < least,
  ],
  ['keep-raw-limits', /^settled by the raw line "lxc.cgroup2.cpuset.cpus: 0-1"$/],
  ['hold-after-refusal', new RegExp(`^the API refused (?:more|less) (?:once|${N} times); asked again in ${LEFT}$`)],
  ['keep-change-budget', /^changed once in the last hour; max_changes_per_hour is 1$/],
  [
    'keep-change-budget',
    new RegExp(
      `^changed (?:once|${N} times) in the last hour; max_changes_per_hour is ${N}, of which ${N} are kept for growth out of need$`,
    ),
    ([times = 0, most = 0, kept = 0]) => times >= most - kept && times < most,
  ],
  [
    'keep-change-budget',
    new RegExp(`^changed ${N} times in the last hour; max_changes_per_hour is ${N}$`),
    ([times = 0, most = 0]) => times >= most,
  ],
  ['wait-for-effect', new RegExp(`^the last change is not in force yet: the kernel gives it ${CORES}$`)],
  [
    'require-sound-data',
    new RegExp(`^the newest sample is ${N} s old, more than ${N} s$`),
    ([age = 0, most = 0]) => age > most,
  ],
  ['keep-change-budget', /^how often it was changed in the last hour is not known: the audit log cannot be read$/],
  ['require-sound-data', /^no sample yet$/],
  ['threshold', /^its use is not known$/],
  ['require-quiet-container', /^it does not run$/],
  ['require-quiet-container', /^Proxmox holds the lock backup$/],
  ['require-quiet-container', /^started 30 s ago; left alone for another 90 s$/],
  ['keep-truce', new RegExp(`^a person changed its size; left alone for another ${LEFT}$`)],
  [
    'share-host',
    new RegExp(`^the host is short of what is asked for: ${N}(?: MB)? instead of ${N}(?: MB)?$`),
    ([given = 0, asked = 0], { to }) => given === to && given < asked,
  ],
]

function numbersOf(match: RegExpMatchArray): number[] {
  return match.slice(1).flatMap(text => (text === undefined ? [] : [Number(text)]))
}

const seen = new Set<string>()
/** One example of each kind. */
const problems = new Map<string, string>()

function problem(what: string, text: string): void {
  problems.set(`${what}: ${text.replaceAll(/\d+(?:\.\d+)?/g, 'N')}`, `${what}: ${text}`)
}

/** Every number of `text` is true, or it is a problem. */
function check(rule: string, text: string, truth: Truth, sentences = SENTENCES): void {
  const sentence = sentences.find(([by, words]) => by === rule && words.test(text))
  const match = sentence && text.match(sentence[1])
  if (sentence === undefined || match === null || match === undefined) {
    problem(`unknown: ${rule}`, text)
    return
  }
  seen.add(String(sentence[1]))
  if (sentence[2]?.(numbersOf(match), truth) === false) problem(`not true: ${rule}`, text)
}

/** As `check`, of the words of the policy: what became of the wish, the wish, and the next one. */
function checkPolicy(rule: string, text: string, truth: Truth): void {
  checkSpans(text, truth)
  const became = BECAME.find(([by, words]) => by === rule && words.test(text))
  if (became !== undefined) check(rule, text, truth, BECAME)
  const wishes = text.slice(became === undefined ? 0 : text.match(became[1])?.[0].length)
  if (rule === 'threshold' || truth.on === 'cores') check(rule, wishes, truth)
  else for (const wish of wishes.split('; next: ')) check(rule, wish, truth, MEMORY_WISHES)
}

const UNITS = { min: MINUTE_MS, minutes: MINUTE_MS, hours: HOUR_MS, days: 24 * HOUR_MS } as const

/** Nothing is told of a time for which it is not known. */
function checkSpans(text: string, { knownMs }: Truth): void {
  for (const [, count, unit] of text.matchAll(/(?:the last|peak of|at once in) (\d+) (min|minutes|hours|days)\b/g)) {
    if (knownMs < Number(count) * UNITS[unit as keyof typeof UNITS] - 1) problem('not known so long', text)
  }
  for (const [, count, unit] of text.matchAll(/the (\d+) (min|hours|days) that it is known/g)) {
    const unitMs = UNITS[unit as keyof typeof UNITS]
    if (apart(knownMs / unitMs, Number(count)) > 1) problem('known for another time', text)
  }
}

function truthOf(made: Made, on: 'cores' | 'memory'): Truth | undefined {
  const { decision, samples, moment } = made
  const [newest, first] = [samples.at(-1), samples[0]]
  const [from, to] =
    on === 'cores' ? [decision.from.cores, decision.to.cores] : [decision.from.memoryMb, decision.to.memoryMb]
  if (newest === undefined || first === undefined || from === undefined || to === undefined) return undefined
  return { ...made, on, from, to, newest, knownMs: moment.nowMs - first.timestampMs }
}

test('every number in a reason is true, and every comparison that is told holds as it is printed', {
  timeout: SLOWEST_MS,
}, () => {
  const told = { cores: '', memory: '' }
  for (const made of lives()) {
    for (const { rule, text } of made.decision.reasons) {
      const [, what, words = text] = text.match(/^(cores and memory|cores|memory): (.*)$/) ?? []
      for (const on of ['cores', 'memory'] as const) {
        const truth = truthOf(made, on)
        if (truth === undefined || (what !== undefined && !what.includes(on))) continue
        if (rule === 'adaptive' || rule === 'threshold') checkPolicy(rule, words, truth)
        else check(rule, words, truth)
      }
    }
    for (const on of ['cores', 'memory'] as const) {
      const truth = told[on] === made.words[on] ? undefined : truthOf(made, on)
      told[on] = made.words[on]
      if (truth !== undefined) checkPolicy(made.decision.policy, made.words[on], truth)
    }
    if (reasonText(made.decision).length > MAX_REASON_CHARACTERS) problem('too long', reasonText(made.decision))
  }
  expect([...problems.values()]).toEqual([])
  const unseen = [...BECAME, ...MEMORY_WISHES, ...SENTENCES].filter(([, words]) => !seen.has(String(words)))
  // Those of a container that is known for days, or whose cores were changed dozens of times.
  expect(unseen.map(([, words]) => String(words))).toEqual([
    expect.stringContaining('changed too often lately to shrink'),
    expect.stringContaining('in the last 5 minutes'),
    expect.stringContaining('short of cores: up to the'),
  ])
})

/** The last decision once more, had the samples been others. */
function again({ events, settings: inForce }: Made, other: (sample: LocalSample) => LocalSample): Decision | undefined {
  let sizer = new ContainerSizer({ vmid: 101, settings: inForce, createdMs: MONDAY_MS })
  let last: Decision | undefined
  for (const event of events) {
    if (event.kind === 'sample') sizer.observe(other(event.sample))
    if (event.kind === 'decide') last = sizer.decide(event.moment)
    if (event.kind === 'applied') sizer.applied(event.after, event.atMs)
    if (event.kind === 'restart') sizer = restarted(sizer, inForce)
    if (event.kind === 'failed')
      sizer.failed(event.atMs, event.isRefused ? { decision: event.decision, resource: undefined } : undefined)
  }
  return last
}

const scaled = (value: number | undefined, factor: number) => value && value * factor

/** The sample without what the words of a policy say: nothing to grow for, or nothing to spare. */
function counter(words: string, direction: Direction): (sample: LocalSample) => LocalSample {
  const share = direction === 'up' ? 0.3 : 0.95
  return sample => {
    const { cpuCores, memoryLimitMb, memoryUsageMb } = sample
    if (words.includes('% of the allocation used')) {
      return { ...sample, cpuCoresUsed: scaled(cpuCores, 0.6), memoryUsageMb: scaled(memoryLimitMb, 0.65) }
    }
    const memoryMb = words.includes('killed')
      ? memoryUsageMb
      : scaled(direction === 'up' ? memoryUsageMb : memoryLimitMb, share)
    const cores = scaled(direction === 'up' ? sample.cpuCoresUsed : cpuCores, share)
    const isCalm = {
      cpuThrottledPercent: 0,
      pressure: undefined,
      memoryEvents: undefined,
      memoryFloorMb: 0,
      swapUsageMb: 0,
    }
    return { ...sample, ...isCalm, cpuCoresUsed: cores, memoryUsageMb: memoryMb }
  }
}

test('had the samples been without what the policy says of them, the size would be another one', {
  timeout: SLOWEST_MS,
}, () => {
  let looked = 0
  const same: string[] = []
  for (const made of lives()) {
    if (!isChange(made.decision)) continue
    const { policy, reasons, to } = made.decision
    for (const { rule, text } of reasons) {
      if (rule !== policy || text.includes('is the least it may have')) continue
      const on = text.startsWith('cores: ') ? 'cores' : 'memory'
      const other = again(made, counter(text, made.decision[on]))?.to
      looked++
      if (on === 'cores' ? other?.cores === to.cores : other?.memoryMb === to.memoryMb) same.push(text)
    }
  }
  expect(same).toEqual([])
  expect(looked).toBeGreaterThan(20)
})
