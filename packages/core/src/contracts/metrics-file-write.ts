import { asciiBytes, JsonText } from './json-text.ts'
import { type FieldList, type Figures, SAMPLE_FIELDS, SUMMARY_FIELDS } from './metrics-fields.ts'
import type { ContainerSample, CycleSummary, MetricsCycle } from './metrics-file.ts'

const putSampleFields = writerOf(SAMPLE_FIELDS)
const putSummaryFields = writerOf(SUMMARY_FIELDS)
const END = asciiBytes('}')

/** Puts the member of one container in the JSON of a cycle. */
export function putSample(text: JsonText, vmid: number, sample: ContainerSample): void {
  text.putText(`"${vmid}":{"timestamp":"${timeOf(sample)}"`)
  putSampleFields(text, sample)
  text.put(END)
}

/** The last time that was formatted: all samples of a cycle are of one. */
const lastTime = { ms: 0, text: formatTime(0) }

function timeOf({ timestampMs }: ContainerSample): string {
  if (timestampMs !== lastTime.ms) Object.assign(lastTime, { ms: timestampMs, text: formatTime(timestampMs) })
  return lastTime.text
}

/** Puts the member `summary` in the JSON of a cycle. Figures keep three decimals. */
export function putSummary(text: JsonText, summary: CycleSummary): void {
  text.putText(
    `"summary":{"collection_start_time":"${formatTime(summary.collectionStartMs)}","collection_end_time":"${formatTime(summary.collectionEndMs)}"`,
  )
  putSummaryFields(text, summary)
  text.put(END)
}

/** A whole cycle as one line of the file, without the line end. */
export function formatCycle({ containers, summary }: MetricsCycle): string {
  const text = new JsonText()
  let separator = '{'
  for (const [vmid, sample] of containers) {
    text.putText(separator)
    putSample(text, vmid, sample)
    separator = ','
  }
  if (summary !== undefined) {
    text.putText(separator)
    putSummary(text, summary)
    separator = ','
  }
  text.putText(separator === '{' ? '{}' : '}')
  return text.toString()
}

/**
 * Puts the fields of a list as members of JSON, a comma before each. The code for it is put together once, when this module
 * is loaded, and is what one would write by hand: this is done for each container in each cycle, and a walk over the list, or
 * JSON.stringify of an object made for it, takes twice the time.
 */
function writerOf<List extends FieldList>(list: List): (text: JsonText, figures: Figures<List>) => void {
  const keys: Uint8Array[] = []
  const put = (ascii: string) => `text.put(keys[${keys.push(asciiBytes(ascii)) - 1}]);`
  const number = (form: 'figure' | 'whole', value: string) =>
    form === 'figure' ? `text.putFigure(${value});` : `text.putWhole(${value});`
  const statements = Object.entries(list).map(([name, field]) => {
    const value = `figures.${name}`
    if ('form' in field) return put(`,"${field.wire}":`) + number(field.form, value)
    const members = Object.entries(field.members).map(
      ([member, { wire, form }], at) => put(`${at === 0 ? '' : ','}"${wire}":`) + number(form, `${value}.${member}`),
    )
    const whole = put(`,"${field.wire}":{`) + members.join('') + put('}')
    return `if (${value} === undefined) {${put(`,"${field.wire}":null`)}} else {${whole}}`
  })
  return new Function('keys', `return (text, figures) => {${statements.join('')}}`)(keys)
}

/** A time as it stands in the file: ISO 8601, UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}
