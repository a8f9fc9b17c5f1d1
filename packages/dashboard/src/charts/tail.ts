import type { HistoryEntryBody, SeriesBody } from '@lxc-autoscale/core'

/** So many steps are asked for anew when new ones are there: the last may have been half over. */
export const TAIL_STEPS = 10

/** `satisfies` keeps the list of columns complete. */
type Columns = { [Name in keyof SeriesBody as SeriesBody[Name] extends (number | null)[] ? Name : never]: true }

const COLUMNS = Object.keys({
  cores_given: true,
  throttled_percent: true,
  memory_given_mb: true,
  memory_floor_mb: true,
  swap_used_mb: true,
  cpu_pressure_percent: true,
  memory_pressure_percent: true,
  io_pressure_percent: true,
  kills: true,
} satisfies Columns) as (keyof Columns)[]
const SPREADS = ['cores_used', 'memory_used_mb'] as const
type Values = SeriesBody['kills']

/**
 * `series` with its newest steps as `tail` has them, and without as many of its oldest as it grew by. Undefined when the two do not
 * fit together: then all is to be asked for anew.
 */
export function withTail(series: SeriesBody, tail: SeriesBody): SeriesBody | undefined {
  const stepMs = series.step_seconds * 1_000
  const steps = series.kills.length
  const kept = (Date.parse(tail.since) - Date.parse(series.since)) / stepMs
  const fits = tail.step_seconds === series.step_seconds && Number.isInteger(kept) && kept >= 0 && kept <= steps
  if (!fits) return undefined
  const grown = Math.max(kept + tail.kills.length - steps, 0)
  const join = (old: Values, added: Values): Values => [...old.slice(0, kept), ...added].slice(grown)
  const joined: SeriesBody = {
    ...series,
    until: tail.until,
    since: new Date(Date.parse(series.since) + grown * stepMs).toISOString(),
  }
  for (const name of COLUMNS) joined[name] = join(series[name], tail[name])
  for (const name of SPREADS) {
    const [old, added] = [series[name], tail[name]]
    joined[name] = { min: join(old.min, added.min), mean: join(old.mean, added.mean), max: join(old.max, added.max) }
  }
  const isIn = (until: string | null) => until === null || until > joined.since
  joined.changes = unlike(tail.changes, series.changes, ({ id }) => id).filter(({ time }) => time >= joined.since)
  joined.anomalies = unlike(tail.anomalies, series.anomalies, ({ from }) => from)
    .filter(({ until }) => isIn(until))
    .sort((a, b) => a.from.localeCompare(b.from))
  return joined
}

/** `series` with a change that was made just now. */
export function withEntry(series: SeriesBody, entry: HistoryEntryBody): SeriesBody {
  return { ...series, changes: unlike([entry], series.changes, ({ id }) => id) }
}

/** Those of `first`, and those of `second` that are not among them. */
function unlike<Item>(first: readonly Item[], second: readonly Item[], key: (item: Item) => string): Item[] {
  const known = new Set(first.map(key))
  return [...first, ...second.filter(item => !known.has(key(item)))]
}
