import type { Signal } from '@preact/signals'
import { figureText, momentText } from './axis-text.ts'
import { type Chart, newestKnown } from './chart.ts'

export interface ReadoutProps {
  readonly chart: Chart
  readonly timesS: readonly number[]
  readonly pointed: Signal<number | undefined>
}

/** The legend of a chart, with the values of the step that is pointed at, or else of the newest. */
export function Readout({ chart, timesS, pointed }: ReadoutProps) {
  const { band, lines, unit } = chart
  const at = pointed.value ?? newestKnown(chart)
  const timeS = timesS[at]
  const spread = band === undefined ? '' : spreadText(chart, at)
  return (
    <dl class="readout">
      {lines.map(({ label, colour, column, isDashed }, line) => (
        <div key={label}>
          <dt>
            <i class={isDashed ? 'key dashed' : 'key'} style={{ color: `var(${colour})` }} /> {label}
          </dt>
          <dd>
            {figureText(unit, column[at])}
            {line === 0 && spread !== '' && <small> {spread}</small>}
          </dd>
        </div>
      ))}
      {pointed.value !== undefined && timeS !== undefined && <div class="readout-time">{momentText(timeS)}</div>}
    </dl>
  )
}

function spreadText({ band, unit }: Chart, at: number): string {
  const [least, most] = [band?.min[at], band?.max[at]]
  if (least == null || most == null || least === most) return ''
  return `(${figureText(unit, least)} to ${figureText(unit, most)})`
}
