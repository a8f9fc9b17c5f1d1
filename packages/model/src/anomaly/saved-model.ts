import { AutoscaleError } from '@lxc-autoscale/core'
import { z } from 'zod'
import { decodeArray, encodeArray } from '../forest/typed-array-text.ts'
import type { WatchContents } from './alarm-watch.ts'
import type { DetectorContents } from './container-detector.ts'
import type { FleetContents, MemberContents } from './fleet-detector.ts'
import { MODEL_COLUMNS } from './model-row.ts'
import { formatForest, parseForest, SavedForest } from './saved-forest.ts'

const FORMAT = 'lxc-autoscale-anomaly-model'
/** Version 1 had no forests. */
const VERSION = 2

/** What was learned about one run of a container. */
export interface SavedContainer {
  readonly vmid: number
  /** Undefined when the metrics file does not name runs. */
  readonly runId?: number | undefined
  /** Time of the newest sample that was learned from. */
  readonly newestMs: number
  /** Until when a change of its allocation settles. */
  readonly settledMs?: number | undefined
  readonly contents: DetectorContents
  readonly watch: WatchContents
  readonly member: MemberContents
}

/** What was learned about all of them. */
export interface SavedModel {
  readonly containers: Iterable<SavedContainer>
  readonly fleet: FleetContents | undefined
  /** See AnomalyModel. */
  readonly turn: number
}

const Header = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  columns: z.literal(MODEL_COLUMNS),
  turn: z.int().min(0),
})
const Footer = z.strictObject({ containers: z.int().min(0) })
const Score = z.number().min(0).max(1)
const Peak = z.strictObject({
  timeMs: z.number(),
  score: Score,
  row: z.array(z.number().nullable()).length(MODEL_COLUMNS),
})
const Open = z.strictObject({ block: z.number(), highest: Score }).optional()
const Watch = z.strictObject({
  scores: z.array(Score).max(2_000),
  isAnomalous: z.boolean(),
  lastMs: z.number().optional(),
  peak: Peak.optional(),
})
const Detector = z.strictObject({
  forests: z.array(SavedForest).max(64),
  fits: z.int().min(0),
  window: z.strictObject({
    rows: z.string(),
    timesMs: z.string(),
    learnableMs: z.string(),
    spacingMs: z.number().min(0),
  }),
  threshold: z.strictObject({
    maxima: z.array(Score).max(1_024),
    scores: z.array(Score).max(1_024),
    peaks: z.array(Peak),
    open: Open,
    scoreMs: z.number().optional(),
  }),
})
const SavedLine = z.strictObject({
  vmid: z.int(),
  runId: z.number().optional(),
  newestMs: z.number(),
  settledMs: z.number().optional(),
  firstMs: z.number().optional(),
  detector: Detector,
  watch: Watch,
  member: z.strictObject({ moments: z.string(), open: Open, watch: Watch, samples: z.int().min(0) }),
})
const FleetLine = z.strictObject({ fleet: Detector })

/** Lines of text: what this is, one of the fleet and one per container, how many there were. */
export function* formatModel({ containers, fleet, turn }: SavedModel): Generator<string> {
  yield JSON.stringify({ format: FORMAT, version: VERSION, columns: MODEL_COLUMNS, turn })
  if (fleet !== undefined) yield JSON.stringify({ fleet: formatDetector(fleet) })
  let count = 0
  for (const container of containers) {
    yield formatContainer(container)
    count++
  }
  yield JSON.stringify({ containers: count })
}

/**
 * What `formatModel` wrote, by container. Empty lines are left out.
 * @throws {AutoscaleError} STATE_INVALID naming the line and what is wrong with it.
 */
export function parseModel(lines: Iterable<string>): SavedModel {
  const containers: SavedContainer[] = []
  let fleet: FleetContents | undefined
  let turn = 0
  let number = 0
  let footer: z.output<typeof Footer> | undefined
  for (const line of lines) {
    number++
    if (line.trim() === '') continue
    if (footer !== undefined) throw invalid(number, 'there is text after the end')
    const value = parseJson(line, number)
    if (number === 1) turn = check(Header, value, number).turn
    else if (has(value, 'containers')) footer = check(Footer, value, number)
    else if (has(value, 'fleet')) fleet = parseDetector(check(FleetLine, value, number).fleet, number)
    else containers.push(parseContainer(value, number))
  }
  if (footer?.containers !== containers.length) throw invalid(number, 'it is cut off')
  return { containers, fleet, turn }
}

function has(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && name in value
}

function formatContainer({ contents, member, ...rest }: SavedContainer): string {
  const { firstMs, ...detector } = contents
  const moments = encodeArray(member.moments)
  return JSON.stringify({ ...rest, firstMs, detector: formatDetector(detector), member: { ...member, moments } })
}

function formatDetector({ forests, fits, window, threshold }: FleetContents): object {
  return {
    forests: forests.map(formatForest),
    fits,
    window: {
      rows: encodeArray(window.rows),
      timesMs: encodeArray(window.timesMs),
      learnableMs: encodeArray(window.learnableMs),
      spacingMs: window.spacingMs,
    },
    threshold,
  }
}

function parseContainer(value: unknown, line: number): SavedContainer {
  const { firstMs, detector, member, ...rest } = check(SavedLine, value, line)
  const moments = decodeArray(member.moments, Float64Array)
  if (moments?.length !== 3 * MODEL_COLUMNS) throw invalid(line, 'a damaged array')
  return { ...rest, contents: { firstMs, ...parseDetector(detector, line) }, member: { ...member, moments } }
}

function parseDetector({ forests, fits, window, threshold }: z.output<typeof Detector>, line: number): FleetContents {
  const rows = decodeArray(window.rows, Int16Array)
  const timesMs = decodeArray(window.timesMs, Float64Array)
  const learnableMs = decodeArray(window.learnableMs, Float64Array)
  const grown = forests.flatMap(forest => parseForest(forest) ?? [])
  if (rows === undefined || timesMs === undefined || learnableMs === undefined || grown.length < forests.length) {
    throw invalid(line, 'a damaged array')
  }
  if (rows.length !== timesMs.length * MODEL_COLUMNS || learnableMs.length !== timesMs.length) {
    throw invalid(line, `${rows.length} values, ${timesMs.length} and ${learnableMs.length} times do not go together`)
  }
  return { forests: grown, fits, window: { rows, timesMs, learnableMs, spacingMs: window.spacingMs }, threshold }
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(line, 'it is not JSON')
  }
}

function check<T extends z.ZodType>(schema: T, value: unknown, line: number): z.output<T> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalid(line, z.prettifyError(parsed.error))
  return parsed.data
}

function invalid(line: number, reason: string): AutoscaleError {
  return new AutoscaleError('STATE_INVALID', `saved model, line ${line}: ${reason}`)
}
