import { AutoscaleError } from '@lxc-autoscale/core'
import { z } from 'zod'
import { decodeArray, encodeArray } from '../forest/typed-array-text.ts'
import type { DetectorContents } from './container-detector.ts'
import { MODEL_COLUMNS } from './model-row.ts'

const FORMAT = 'lxc-autoscale-anomaly-model'
const VERSION = 1

/** What was learned about one run of a container. */
export interface SavedContainer {
  readonly vmid: number
  /** Undefined when the metrics file does not name runs. */
  readonly runId: number | undefined
  /** Time of the newest sample that was learned from. */
  readonly newestMs: number
  readonly contents: DetectorContents
}

const Header = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  columns: z.literal(MODEL_COLUMNS),
})
const Footer = z.strictObject({ containers: z.int().min(0) })
const Score = z.number().min(0).max(1)
const SavedLine = z.strictObject({
  vmid: z.int(),
  runId: z.number().nullable(),
  newestMs: z.number(),
  firstMs: z.number().nullable(),
  fittedMs: z.array(z.number()).max(64),
  window: z.strictObject({
    rows: z.string(),
    timesMs: z.string(),
    learnableMs: z.string(),
    spacingMs: z.number().min(0),
  }),
  threshold: z.strictObject({
    maxima: z.array(Score).max(1_024),
    scores: z.array(Score).max(1_024),
    peaks: z.array(
      z.strictObject({ timeMs: z.number(), score: Score, row: z.array(z.number().nullable()).length(MODEL_COLUMNS) }),
    ),
  }),
})

/** Lines of text: what this is, one line per container, how many there were. */
export function* formatModel(containers: Iterable<SavedContainer>): Generator<string> {
  yield JSON.stringify({ format: FORMAT, version: VERSION, columns: MODEL_COLUMNS })
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
export function parseModel(lines: Iterable<string>): ReadonlyMap<number, SavedContainer> {
  const containers = new Map<number, SavedContainer>()
  let number = 0
  let footer: z.output<typeof Footer> | undefined
  for (const line of lines) {
    number++
    if (line.trim() === '') continue
    if (footer !== undefined) throw invalid(number, 'there is text after the end')
    const value = parseJson(line, number)
    if (number === 1) check(Header, value, number)
    else if (Footer.safeParse(value).success) footer = check(Footer, value, number)
    else {
      const container = parseContainer(value, number)
      containers.set(container.vmid, container)
    }
  }
  if (footer?.containers !== containers.size) throw invalid(number, 'it is cut off')
  return containers
}

function formatContainer({ vmid, runId, newestMs, contents }: SavedContainer): string {
  const { firstMs, fittedMs, window, threshold } = contents
  return JSON.stringify({
    vmid,
    runId: runId ?? null,
    newestMs,
    firstMs: firstMs ?? null,
    fittedMs,
    window: {
      rows: encodeArray(window.rows),
      timesMs: encodeArray(window.timesMs),
      learnableMs: encodeArray(window.learnableMs),
      spacingMs: window.spacingMs,
    },
    threshold,
  })
}

function parseContainer(value: unknown, line: number): SavedContainer {
  const { vmid, runId, newestMs, firstMs, fittedMs, window, threshold } = check(SavedLine, value, line)
  const rows = decodeArray(window.rows, Int16Array)
  const timesMs = decodeArray(window.timesMs, Float64Array)
  const learnableMs = decodeArray(window.learnableMs, Float64Array)
  if (rows === undefined || timesMs === undefined || learnableMs === undefined) throw invalid(line, 'a damaged array')
  if (rows.length !== timesMs.length * MODEL_COLUMNS || learnableMs.length !== timesMs.length) {
    throw invalid(line, `${rows.length} values, ${timesMs.length} and ${learnableMs.length} times do not go together`)
  }
  return {
    vmid,
    runId: runId ?? undefined,
    newestMs,
    contents: {
      firstMs: firstMs ?? undefined,
      fittedMs,
      window: { rows, timesMs, learnableMs, spacingMs: window.spacingMs },
      threshold,
    },
  }
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
