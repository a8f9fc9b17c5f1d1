import {
  type BoostBody,
  type ContainerSample,
  type ContainerState,
  type ContainerStatus,
  type DecisionStatus,
  localTimeText,
  type SteeringBody,
} from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'

/** What the state of a container follows from. */
export interface StateFacts {
  readonly nowMs: number
  readonly container: Pick<ContainerFacts, 'status' | 'lock'> & Partial<Pick<ContainerFacts, 'haBusy'>>
  readonly steering: SteeringBody
  /** Of the newest cycle of the monitor; undefined when it has none of this container. */
  readonly sample: ContainerSample | undefined
  /** From which age on a sample is not of now. */
  readonly maxSampleAgeMs: number
  /** What the model knew and did in its last cycle; undefined when it has not looked at it. */
  readonly decided: ContainerStatus | undefined
  /** Why the model decides nothing at present; undefined when it does. */
  readonly standstill: string | undefined
  readonly isDryRun: boolean
}

export interface NamedState {
  readonly state: ContainerState
  /** Why, in a sentence. */
  readonly text: string
}

type Look = (facts: StateFacts) => NamedState | undefined

/** The state of a container in a word, and the sentence that says why: the first that fits. */
export function containerState(facts: StateFacts): NamedState {
  for (const look of LOOKS) {
    const found = look(facts)
    if (found !== undefined) return found
  }
  return { state: 'fits', text: useText(facts) }
}

/** In the order of their weight for a person. */
const LOOKS: readonly Look[] = [
  ({ container: { status } }) => {
    if (status === 'stopped') return { state: 'stopped', text: 'it does not run' }
    if (status === 'running') return undefined
    return { state: 'no_data', text: 'whether it runs is not known: its control groups cannot be read' }
  },
  ({ container: { lock } }) =>
    lock === undefined
      ? undefined
      : { state: 'locked', text: `Proxmox holds the lock "${lock}" on it, and it is not changed before that is over` },
  ({ container: { haBusy } }) =>
    haBusy === undefined
      ? undefined
      : { state: 'locked', text: `${haBusy}, and it is not changed before that is over` },
  paused,
  withoutFigures,
  ({ standstill }) =>
    standstill === undefined ? undefined : { state: 'no_data', text: `nothing is changed at present: ${standstill}` },
  ({ decided }) =>
    decided?.problem == null ? undefined : { state: 'no_data', text: `nothing is decided for it: ${decided.problem}` },
  abnormal,
  ({ steering: { boost } }) => (boost === null ? undefined : { state: 'boosted', text: boostText(boost) }),
  atMaximum,
  growing,
  coolingDown,
  held,
  learning,
]

function boostText({ who, until, trouble }: BoostBody): string {
  if (trouble !== null) return `its boost is over and not given back yet: ${trouble}`
  return `${who} gave it more until ${localTimeText(Date.parse(until))}`
}

function paused({ steering, decided }: StateFacts): NamedState | undefined {
  if (steering.problem !== null) {
    return { state: 'paused', text: `left alone, since it is not known what was said of it: ${steering.problem}` }
  }
  const until = steering.paused_until
  if (until !== null) {
    const end = until === 'forever' ? 'that is ended' : localTimeText(Date.parse(until))
    return { state: 'paused', text: `left alone until ${end}` }
  }
  switch (steering.mode ?? decided?.mode) {
    case 'off':
      return { state: 'paused', text: 'its mode is off: it is measured and never changed' }
    case 'recommend':
      return { state: 'paused', text: 'its mode is recommend: what would be right for it is told, not done' }
    default:
      return undefined
  }
}

function withoutFigures({ sample, nowMs, maxSampleAgeMs }: StateFacts): NamedState | undefined {
  if (sample === undefined) return { state: 'no_data', text: 'the newest figures of the monitor have none of it' }
  if (nowMs - sample.timestampMs > maxSampleAgeMs) {
    return { state: 'no_data', text: `its newest figures are of ${localTimeText(sample.timestampMs)}` }
  }
  if (sample.cpuCoresUsed !== undefined || sample.memoryUsageMb !== undefined) return undefined
  return { state: 'no_data', text: 'neither what it uses of CPU nor of memory could be measured' }
}

function abnormal({ decided }: StateFacts): NamedState | undefined {
  const verdict = decided?.verdict
  if (!verdict?.is_anomalous) return undefined
  const why = verdict.why === '' ? 'it behaves in an unusual way' : verdict.why
  return { state: 'abnormal', text: verdict.is_acted_on ? `${why}; it is not made smaller meanwhile` : why }
}

function atMaximum({ decided }: StateFacts): NamedState | undefined {
  const decision = decided?.decision
  if (decision == null) return undefined
  const { at_maximum: at, limits, wanted } = decision
  const texts = [
    ...(at.cores ? [`${figure(wanted.cores)} cores are wanted, its maximum is ${figure(limits.max_cores)}`] : []),
    ...(at.memory
      ? [`${figure(wanted.memory_mb)} MB are wanted, its maximum is ${figure(limits.max_memory_mb)} MB`]
      : []),
  ]
  if (texts.length > 0) return { state: 'at_maximum', text: texts.join('; ') }
  const short = heldResources(decision).find(({ rule }) => rule === 'share-host')
  return short === undefined ? undefined : { state: 'at_maximum', text: reasonText(decision, short.rule) }
}

/** What was sent and came to nothing is no growth. */
function growing({ decided, isDryRun }: StateFacts): NamedState | undefined {
  const decision = decided?.decision
  if (decision == null || !isGrowing(decision)) return undefined
  const change = decided?.last_change
  const isSent = change != null && change.time >= decision.time
  const isRefused = isSent && !['applied', 'unchanged', 'dry-run'].includes(change.outcome)
  if (isRefused) return { state: 'cooling_down', text: `it was to grow, and that came to nothing: ${change.text}` }
  const done = isDryRun ? 'would grow, if this were no dry run' : 'grows'
  return { state: 'growing', text: `it ${done}: ${stepsText(decision)}` }
}

function isGrowing({ cores, memory, is_to_be_applied: isApplied }: DecisionStatus): boolean {
  return isApplied && (cores === 'up' || memory === 'up')
}

/** The rules that make it wait; they end by themselves. */
const WAITS: ReadonlySet<string> = new Set([
  'hold-in-grow-cooldown',
  'hold-in-shrink-cooldown',
  'wait-for-effect',
  'keep-change-budget',
  'keep-truce',
  'hold-after-refusal',
  'require-quiet-container',
])

function coolingDown({ decided }: StateFacts): NamedState | undefined {
  const decision = decided?.decision
  const wait = decision && heldResources(decision).find(({ rule }) => WAITS.has(rule))
  return wait == null || decision == null ? undefined : { state: 'cooling_down', text: reasonText(decision, wait.rule) }
}

/** By these it has what it should have: there is no smaller size that it waits for. */
const NO_HOLDS: ReadonlySet<string> = new Set([
  'hold-small-changes',
  'keep-within-limits',
  'keep-raw-limits',
  'limit-memory-shrink',
  'hold-while-learning',
])

function held({ decided }: StateFacts): NamedState | undefined {
  const decision = decided?.decision
  if (decision == null) return undefined
  const unsound = heldResources(decision).find(
    ({ rule }) => rule === 'require-sound-data' || rule === 'refuse-nonsense',
  )
  if (unsound !== undefined) return { state: 'no_data', text: reasonText(decision, unsound.rule) }
  const shrink = heldResources(decision).find(({ rule, isShrink }) => isShrink && !NO_HOLDS.has(rule))
  return shrink === undefined ? undefined : { state: 'shrink_held', text: reasonText(decision, shrink.rule) }
}

function learning({ decided }: StateFacts): NamedState | undefined {
  if (decided === undefined) return { state: 'learning', text: 'the model has not looked at it yet' }
  if (!decided.learning) return undefined
  const { decision } = decided
  const isHeld = decision !== null && heldResources(decision).some(({ rule }) => rule === 'hold-while-learning')
  const text = isHeld
    ? reasonText(decision, 'hold-while-learning')
    : 'not watched for long enough yet to be made smaller'
  return { state: 'learning', text }
}

/** The resources that do not have the size that was asked for, each with the rule. */
function heldResources({ held_by, wanted, from }: DecisionStatus) {
  const of = (resource: 'cores' | 'memory', want: number | null, has: number | null) => {
    const rule = held_by[resource]
    return rule === null ? [] : [{ rule, isShrink: want !== null && has !== null && want < has }]
  }
  return [...of('cores', wanted.cores, from.cores), ...of('memory', wanted.memory_mb, from.memory_mb)]
}

function reasonText({ reasons }: DecisionStatus, rule: string): string {
  return reasons.find(reason => reason.rule === rule)?.text ?? `held by the rule ${rule}`
}

/** `cores from 2 to 3`: what the decision moves. */
function stepsText({ from, to, cores, memory }: DecisionStatus): string {
  const steps = [
    ...(cores === 'keep' ? [] : [`cores from ${figure(from.cores)} to ${figure(to.cores)}`]),
    ...(memory === 'keep' ? [] : [`memory from ${figure(from.memory_mb)} to ${figure(to.memory_mb)} MB`]),
  ]
  return steps.join(', ')
}

function useText({ sample, decided, isDryRun }: StateFacts): string {
  const uses = [
    ...use(sample?.cpuCoresUsed, sample?.cpuCores, sample?.cpuCores === 1 ? 'core' : 'cores'),
    ...use(sample?.memoryUsageMb, sample?.memoryLimitMb, 'MB'),
  ].join(' and ')
  const decision = decided?.decision
  const isShrinking = decision?.is_to_be_applied && (decision.cores === 'down' || decision.memory === 'down')
  if (!decision || !isShrinking) return `it uses ${uses}`
  return `it uses ${uses}, and ${isDryRun ? 'would be' : 'is'} made smaller: ${stepsText(decision)}`
}

function use(used: number | undefined, given: number | undefined, unit: string): string[] {
  if (used === undefined) return []
  return [given === undefined ? `${figure(used)} ${unit}` : `${figure(used)} of ${figure(given)} ${unit}`]
}

function figure(value: number | null): string {
  return value === null ? 'all' : String(Number(value.toFixed(value < 10 ? 2 : 0)))
}
