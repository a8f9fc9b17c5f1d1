import {
  type ContainerStatus,
  type DecidingVerdict,
  errorVerdict,
  type HealthBody,
  isErrorCode,
  type ModelStatus,
  MS_PER_HOUR,
  MS_PER_MINUTE,
} from '@lxc-autoscale/core'
import type { NewsEvent } from './news-events.ts'
import type { Refusals } from './refusals.ts'
import type { Patience, SeenState } from './standing.ts'

/** What is known at one look. */
export interface NewsFacts {
  /** What the model wrote down last; undefined when nothing of this moment is there. */
  readonly status: ModelStatus | undefined
  /** Undefined when nobody wants to know. */
  readonly verdict: DecidingVerdict | undefined
  /** Undefined before the first. */
  readonly health: HealthBody | undefined
  /** Those of the last hour. */
  readonly refusals: Refusals
}

/** Changes of one container that are refused in an hour, from which on that is news. */
const MANY_REFUSALS = 5

/** So many containers are named in one message; who needs all of them has `lxc-autoscale status`. */
const MOST_NAMED = 10

const PATIENCE: Readonly<Record<NewsEvent, Patience>> = {
  killed: { standsMs: 0, quietMs: 0 },
  daily_summary: { standsMs: 0, quietMs: 0 },
  // One verdict that is wrong lasts for a few samples.
  abnormal: { standsMs: 5 * MS_PER_MINUTE, quietMs: 30 * MS_PER_MINUTE },
  at_maximum: { standsMs: MS_PER_HOUR, quietMs: 10 * MS_PER_MINUTE },
  refused: { standsMs: 0, quietMs: MS_PER_HOUR },
  // The model asks again only after a while.
  host_short: { standsMs: 0, quietMs: MS_PER_HOUR },
  // A restart or an upgrade takes less. Source: TimeoutStartSec of the units.
  daemon_trouble: { standsMs: 3 * MS_PER_MINUTE, quietMs: MS_PER_MINUTE },
}

/** How long a state must stand before it is told, and be gone before it is over. */
export function patienceWith(event: NewsEvent): Patience {
  return PATIENCE[event]
}

/** The events of which `facts` can tell at all; what stands of the others is neither seen nor over. */
export function knownEvents({ status, health }: Pick<NewsFacts, 'status' | 'health'>): ReadonlySet<NewsEvent> {
  const isDecided = status?.cycle.outcome === 'decided'
  return new Set<NewsEvent>([
    'refused',
    ...(health === undefined ? [] : (['daemon_trouble'] as const)),
    ...(isDecided ? (['abnormal', 'at_maximum', 'host_short'] as const) : []),
  ])
}

/** Every state that `facts` show. */
export function seenStates(facts: NewsFacts): SeenState[] {
  // Without a decision the containers stand there as they were before.
  const containers = facts.status?.cycle.outcome === 'decided' ? facts.status.containers : []
  return [
    ...troubles(facts),
    ...hostShort(facts, containers),
    ...containers.flatMap(container => [...abnormal(container), ...atMaximum(container)]),
    ...refused(facts.refusals),
  ]
}

/** What somebody set so is no trouble. */
const AS_SET: ReadonlySet<string> = new Set(['dry_run', 'all_paused'])

function troubles({ verdict, health }: NewsFacts): SeenState[] {
  const problems = verdict?.state === 'stuck' ? verdict.problems.filter(({ code }) => !AS_SET.has(code)) : []
  const failing = Object.entries(health?.checks ?? {}).filter(
    ([name, { ok }]) => !ok && !isToldByVerdict(name, problems),
  )
  return [
    ...problems.map(({ code, text, mend }) => trouble(code, `nothing is decided: ${text}`, '', mend)),
    ...failing.map(([name, { detail }]) =>
      trouble(`check:${name}`, `the check ${name} fails`, detail, 'lxc-autoscale doctor'),
    ),
  ]
}

function trouble(code: string, what: string, detail: string, advice: string): SeenState {
  const event = 'daemon_trouble'
  return { event, topic: `${event}:${code}`, vmid: null, name: null, what, detail, advice }
}

/** The age of the metrics file is what the model stumbles over first. */
function isToldByVerdict(check: string, problems: DecidingVerdict['problems']): boolean {
  return check === 'deciding' || (check === 'metrics_file' && problems.some(({ code }) => code === 'data_stale'))
}

function hostShort({ refusals }: NewsFacts, containers: readonly ContainerStatus[]): SeenState[] {
  const held = containers.flatMap(({ vmid, name, decision }) => {
    const reason = decision?.is_in_need ? decision.reasons.find(({ rule }) => rule === 'share-host') : undefined
    return reason === undefined ? [] : [{ vmid, name, text: reason.text }]
  })
  const refused = Object.entries(refusals.of_host).map(([vmid, { name, text }]) => ({ vmid: Number(vmid), name, text }))
  const short = [...held, ...refused.filter(({ vmid }) => !held.some(other => other.vmid === vmid))]
  if (short.length === 0) return []
  const event = 'host_short'
  const many =
    short.length === 1
      ? 'a container does not get what it needs'
      : `${short.length} containers do not get what they need`
  const lines = short.slice(0, MOST_NAMED).map(({ vmid, name, text }) => `${name ?? 'container'} (${vmid}): ${text}`)
  const detail = [...lines, ...(short.length > MOST_NAMED ? [`and ${short.length - MOST_NAMED} more`] : [])].join('\n')
  const advice = 'move a container to another node, lower the maximum of others, or give this host more'
  return [{ event, topic: event, vmid: null, name: null, what: `the host is short: ${many}`, detail, advice }]
}

function abnormal({ vmid, name, verdict }: ContainerStatus): SeenState[] {
  if (verdict === null || !verdict.is_anomalous || !verdict.is_acted_on) return []
  const event = 'abnormal'
  const advice = `lxc-autoscale explain ${vmid} shows which figures are unusual; it does not shrink while this lasts`
  return [
    { event, topic: `${event}:${vmid}`, vmid, name, what: 'it does not behave as usual', detail: verdict.why, advice },
  ]
}

function atMaximum({ vmid, name, decision }: ContainerStatus): SeenState[] {
  if (decision === null) return []
  const { to, wanted, limits, at_maximum: isAsked } = decision
  const isFull = (has: number | null, most: number | null) => has !== null && most !== null && has >= most
  const parts = [
    ...(isAsked.cores && isFull(to.cores, limits.max_cores)
      ? [{ has: `${to.cores} cores`, wants: `${wanted.cores} cores`, key: 'max_cpu_cores' }]
      : []),
    ...(isAsked.memory && isFull(to.memory_mb, limits.max_memory_mb)
      ? [{ has: `${to.memory_mb} MB of memory`, wants: `${wanted.memory_mb} MB of memory`, key: 'max_ram_mb' }]
      : []),
  ]
  if (parts.length === 0) return []
  const all = (key: keyof (typeof parts)[number]) => parts.map(part => part[key]).join(' and ')
  const event = 'at_maximum'
  return [
    {
      event,
      topic: `${event}:${vmid}`,
      vmid,
      name,
      what: `at its maximum of ${all('has')}`,
      detail: `By what it uses it would get ${all('wants')}.`,
      advice: `raise ${all('key')} in lxc_autoscale_ml.yaml (scaling, or its tier), or look at what it does: lxc-autoscale explain ${vmid}`,
    },
  ]
}

function refused({ others }: Refusals): SeenState[] {
  const many = Object.entries(others).filter(([, { times_ms: timesMs }]) => timesMs.length >= MANY_REFUSALS)
  return many.map(([number, { name, text, code, times_ms: timesMs }]) => {
    const event = 'refused'
    const vmid = Number(number)
    const meaning = code !== null && isErrorCode(code) ? [`${code}: ${errorVerdict(code).text}`] : []
    return {
      event,
      topic: `${event}:${vmid}`,
      vmid,
      name,
      what: `${timesMs.length} changes were refused or failed within an hour`,
      detail: [text, ...meaning].join('\n'),
      advice: `lxc-autoscale history ${vmid}`,
    }
  })
}
