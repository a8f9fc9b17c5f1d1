import type { Span } from './chart.ts'

/** How far back charts reach, by the word in the URL. */
export const RANGES = { '1h': 3_600, '6h': 21_600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 } as const
export type Range = keyof typeof RANGES
export const RANGE_NAMES = Object.keys(RANGES) as Range[]
const USUAL: Range = '6h'

/** Nearer than that nothing more is measured. */
const LEAST_SPAN_S = 120

/** What the charts show: the last hours, or a part of the past. */
export interface View {
  readonly range: Range
  readonly zoom: Span | undefined
}

/** What the URL says; what it cannot mean is left out. */
export function viewOf(query: URLSearchParams): View {
  const range = RANGE_NAMES.find(name => name === query.get('range')) ?? USUAL
  const [fromS, toS] = [query.get('from'), query.get('until')].map(text => Date.parse(text ?? '') / 1_000)
  const isZoom = fromS !== undefined && toS !== undefined && toS - fromS >= LEAST_SPAN_S
  return { range, zoom: isZoom ? { fromS, toS } : undefined }
}

/** The fields of the URL for a part of the past; for none, the last hours. */
export function zoomQuery(zoom: Span | undefined): { from: string | undefined; until: string | undefined } {
  if (zoom === undefined) return { from: undefined, until: undefined }
  const missing = Math.max(LEAST_SPAN_S - (zoom.toS - zoom.fromS), 0) / 2
  const [from, until] = [zoom.fromS - missing, zoom.toS + missing].map(timeS =>
    new Date(Math.round(timeS) * 1_000).toISOString(),
  )
  return { from, until }
}

/** `span` half of its length earlier (-1) or later (1). */
export function moved({ fromS, toS }: Span, direction: -1 | 1): Span {
  const byS = (direction * (toS - fromS)) / 2
  return { fromS: fromS + byS, toS: toS + byS }
}

/** The later half of `span`: what is new is mostly what is looked for. */
export function closer({ fromS, toS }: Span): Span {
  return { fromS: (fromS + toS) / 2, toS }
}
