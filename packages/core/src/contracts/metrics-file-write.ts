import { type FieldList, type Figures, SAMPLE_FIELDS, SUMMARY_FIELDS } from './metrics-fields.ts'
import type { ContainerSample, CycleSummary } from './metrics-file.ts'

const writeSampleFields = writerOf(SAMPLE_FIELDS)
const writeSummaryFields = writerOf(SUMMARY_FIELDS)

/**
 * The member of one container in the JSON of a cycle. `timestamp` is the time of the sample as `formatTime` gives it, for
 * who formats many of one time.
 */
export function formatSample(
  vmid: number,
  sample: ContainerSample,
  timestamp = formatTime(sample.timestampMs),
): string {
  return `"${vmid}":{"timestamp":"${timestamp}"${writeSampleFields(sample)}}`
}

/** The member `summary` in the JSON of a cycle. Figures keep three decimals. */
export function formatSummary(summary: CycleSummary): string {
  const times = `"collection_start_time":"${formatTime(summary.collectionStartMs)}","collection_end_time":"${formatTime(summary.collectionEndMs)}"`
  return `"summary":{${times}${writeSummaryFields(summary)}}`
}

/**
 * Writes the fields of a list as members of JSON, a comma before each. The code for it is put together once, when this module
 * is loaded, and is what one would write by hand: this is done for each container in each cycle, and a walk over the list, or
 * JSON.stringify of an object made for it, takes twice the time.
 */
function writerOf<List extends FieldList>(list: List): (figures: Figures<List>) => string {
  const members = Object.entries(list).map(([name, field]) => {
    const value = `figures.${name}`
    if ('form' in field) return `,"${field.wire}":\${${field.form}(${value})}`
    const inner = Object.entries(field.members).map(
      ([member, { wire, form }]) => `"${wire}":\${${form}(${value}.${member})}`,
    )
    return `,"${field.wire}":\${${value} === undefined ? null : \`{${inner}}\`}`
  })
  return new Function('figure', 'whole', `return figures => \`${members.join('')}\``)(figure, whole)
}

/** A time as it stands in the file: ISO 8601, UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

function whole(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}

/** `.001` to `.999` without the zeros at the end: made once, since the engine takes long to print a fraction. */
const FRACTIONS: readonly string[] = Array.from({ length: 1_000 }, (_, thousandths) =>
  `.${String(thousandths).padStart(3, '0')}`.replace(/\.?0+$/, ''),
)
/** Above this a number of thousandths is not exact any more. */
const LARGEST_EXACT = 1e12

/** Three decimals; of a number that has none to spare, all of them. */
function figure(value: number | undefined): number | string | null {
  if (value === undefined || !Number.isFinite(value)) return null
  if (Math.abs(value) > LARGEST_EXACT) return value
  if (value < 0) return Math.round(value * 1_000) / 1_000
  const thousandths = Math.round(value * 1_000)
  const whole = Math.floor(thousandths / 1_000)
  return `${whole}${FRACTIONS[thousandths - whole * 1_000]}`
}
