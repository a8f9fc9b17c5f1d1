import { BYTES_PER_MB } from './units.ts'

/** One metric in the text format of Prometheus, with all its series. */
export interface MetricFamily {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  /** Labels as `labels` gives them, and the value; one that is not known is left out. */
  readonly series: Iterable<readonly [labels: string, value: number | undefined]>
}

/** `vmid="101",rule="share-host"` */
export function labels(values: Readonly<Record<string, string | number>>): string {
  let text = ''
  for (const name in values) text += `${text === '' ? '' : ','}${name}="${escapeValue(values[name])}"`
  return text
}

/** The value of a series in bytes; undefined when it is not known. */
export function inBytes(memoryMb: number | null | undefined): number | undefined {
  return memoryMb === undefined || memoryMb === null ? undefined : memoryMb * BYTES_PER_MB
}

/**
 * For values of many containers: they are made from the last cycle when somebody asks for them, since keeping them in a
 * registry in each cycle would cost more than measuring them.
 */
export function formatFamilies(families: readonly MetricFamily[]): string {
  const lines: string[] = []
  for (const { name, type, help, series } of families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [labels, value] of series) {
      if (value === undefined) continue
      const text = value === Number.POSITIVE_INFINITY ? '+Inf' : String(value)
      lines.push(labels === '' ? `${name} ${text}` : `${name}{${labels}} ${text}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function escapeValue(value: string | number | undefined): string {
  const text = String(value)
  if (typeof value === 'number' || !/[\\"\n]/.test(text)) return text
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
