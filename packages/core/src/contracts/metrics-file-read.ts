import { parseVmid } from '../vmid.ts'
import { type FieldList, type Figures, SAMPLE_FIELDS, SUMMARY_FIELDS } from './metrics-fields.ts'
import type { ContainerSample, CycleSummary, MetricsCycle } from './metrics-file.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * The cycle that `text` holds, the JSON of one array element of the file; a comma and white space around it
 * are allowed, as they stand on a line. Undefined when it is not a JSON object. Fields that are missing, unknown or not
 * of their type are left out, so that newer files and those of the Python predecessor can be read.
 */
export function parseCycle(text: string): MetricsCycle | undefined {
  const cycle = parseObject(text)
  if (cycle === undefined) return undefined
  const containers = new Map<number, ContainerSample>()
  for (const name in cycle) {
    const vmid = parseVmid(name)
    const sample = vmid === undefined ? undefined : readSample(section(cycle, name))
    if (vmid !== undefined && sample !== undefined) containers.set(vmid, sample)
  }
  return { containers, summary: readSummary(section(cycle, 'summary')) }
}

function parseObject(text: string): Wire | undefined {
  const json = text.trim().replace(/,$/, '')
  if (!json.startsWith('{')) return undefined
  try {
    return JSON.parse(json) as Wire
  } catch {
    // A torn line: the caller counts it.
    return undefined
  }
}

function section(cycle: Wire, name: string): Wire | undefined {
  const value = cycle[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Wire) : undefined
}

/** A finite number; everything else is not known. */
function figure(wire: Wire, name: string): number | undefined {
  const value = wire[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/**
 * Milliseconds since 1970 UTC. A time without a zone is local time, as older versions of the Python predecessor wrote it
 * (ECMAScript reads it so).
 */
function timeMs(wire: Wire, name: string): number | undefined {
  const value = wire[name]
  if (typeof value !== 'string') return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}

const readSampleFields = readerOf('timestampMs', SAMPLE_FIELDS)
const readSummaryFields = readerOf('collectionEndMs', SUMMARY_FIELDS)

function readSample(wire: Wire | undefined): ContainerSample | undefined {
  const timestampMs = wire === undefined ? undefined : timeMs(wire, 'timestamp')
  if (wire === undefined || timestampMs === undefined) return undefined
  return readSampleFields(wire, timestampMs)
}

/** A sample of which nothing is known yet. */
export function emptySample(): ContainerSample {
  return readSampleFields({}, 0)
}

function readSummary(wire: Wire | undefined): CycleSummary | undefined {
  const collectionStartMs = wire && timeMs(wire, 'collection_start_time')
  const collectionEndMs = wire && timeMs(wire, 'collection_end_time')
  if (wire === undefined || collectionStartMs === undefined || collectionEndMs === undefined) return undefined
  return { collectionStartMs, ...readSummaryFields(wire, collectionEndMs) }
}

/**
 * Reads the fields of a list and puts a time before them, with code that is put together as that of the writer is, and for the same reason.
 * In one literal: then what `readLine` makes is of the same shape.
 */
function readerOf<Time extends string, List extends FieldList>(
  time: Time,
  list: List,
): (wire: Wire, timeMs: number) => Figures<List> & Readonly<Record<Time, number>> {
  const members = Object.entries(list).map(([name, field]) => {
    if ('form' in field) return `${name}: figure(wire, '${field.wire}') ?? ${field.missing}`
    const inner = Object.entries(field.members).map(([member, { wire }]) => `${member}: figure(inner, '${wire}')`)
    return `${name}: group(section(wire, '${field.wire}'), ${field.isWhole}, inner => ({ ${inner} }))`
  })
  return new Function('figure', 'section', 'group', `return (wire, timeMs) => ({ ${time}: timeMs, ${members} })`)(
    figure,
    section,
    group,
  )
}

/** A group of figures; undefined when it is missing, or lacks one of them and `isWhole`. */
function group(wire: Wire | undefined, isWhole: boolean, read: (inner: Wire) => Readonly<Record<string, unknown>>) {
  const values = wire && read(wire)
  return values !== undefined && isWhole && Object.values(values).includes(undefined) ? undefined : values
}
