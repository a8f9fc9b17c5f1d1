import { setQuery } from '../router.ts'
import { momentText } from './axis-text.ts'
import type { Span } from './chart.ts'
import { closer, moved, RANGE_NAMES, type View, zoomQuery } from './view.ts'

const RANGE_LABELS = { '1h': '1 h', '6h': '6 h', '24h': '24 h', '7d': '7 d', '30d': '30 d' }

/** How far back the charts reach. What a drag over a chart does, these buttons do for a keyboard and a phone. */
export function RangeBar({ view, span }: { readonly view: View; readonly span: Span | undefined }) {
  const { range, zoom } = view
  const show = (part: Span | undefined) => setQuery(zoomQuery(part))
  return (
    <div class="range-bar">
      <fieldset>
        <legend class="unseen">How far back</legend>
        {RANGE_NAMES.map(name => (
          <button
            type="button"
            aria-pressed={zoom === undefined && name === range}
            onClick={() => setQuery({ range: name, ...zoomQuery(undefined) })}
            key={name}
          >
            {RANGE_LABELS[name]}
          </button>
        ))}
      </fieldset>
      {span !== undefined && (
        <fieldset>
          <legend class="unseen">A part of it</legend>
          <button type="button" aria-label="Earlier" title="Earlier" onClick={() => show(moved(span, -1))}>
            ←
          </button>
          <button type="button" aria-label="Closer" title="Closer: the later half" onClick={() => show(closer(span))}>
            +
          </button>
          <button
            type="button"
            aria-label="Later"
            title="Later"
            disabled={zoom === undefined}
            onClick={() => show(moved(span, 1))}
          >
            →
          </button>
        </fieldset>
      )}
      {zoom !== undefined && (
        <>
          <span class="hint">
            {momentText(zoom.fromS)} to {momentText(zoom.toS)}
          </span>
          <button type="button" onClick={() => show(undefined)}>
            Back to the last {RANGE_LABELS[range]}
          </button>
        </>
      )}
    </div>
  )
}
