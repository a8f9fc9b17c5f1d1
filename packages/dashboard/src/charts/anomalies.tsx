import type { SeriesBody } from '@lxc-autoscale/core'
import { Foreign } from '../components/text.tsx'
import { momentText } from './axis-text.ts'
import type { Span } from './chart.ts'

type Anomalies = SeriesBody['anomalies']
interface AnomaliesProps {
  readonly anomalies: Anomalies
  readonly span: Span
}

/** Behind a curve: when the container was abnormal. */
export function Shades({ anomalies, span }: AnomaliesProps) {
  return (
    <>
      {seenOf(anomalies, span).map(({ anomaly, style }) => (
        <div class="shade" style={style} key={anomaly.from} aria-hidden="true" />
      ))}
    </>
  )
}

/** Above a curve: the same, with what was strange when one is pointed at or focused. */
export function AnomalyStrip({ anomalies, span }: AnomaliesProps) {
  return (
    <>
      {seenOf(anomalies, span).map(({ anomaly, style, isLate }) => (
        <button
          type="button"
          class={isLate ? 'anomaly-tip at-end' : 'anomaly-tip'}
          style={style}
          key={anomaly.from}
          aria-label={anomalyText(anomaly)}
        >
          <span role="tooltip">{anomalyText(anomaly)}</span>
        </button>
      ))}
    </>
  )
}

/** When it was abnormal, and what was strange, newest first. */
export function AnomalyList({ anomalies }: { readonly anomalies: Anomalies }) {
  if (anomalies.length === 0) return null
  return (
    <details class="anomalies">
      <summary>
        Abnormal {anomalies.length} {anomalies.length === 1 ? 'time' : 'times'} in this span
      </summary>
      <ul>
        {anomalies.toReversed().map(anomaly => (
          <li key={anomaly.from}>
            <Foreign text={anomalyText(anomaly)} />
          </li>
        ))}
      </ul>
    </details>
  )
}

/** The reason names what was strange already, unless it is of the past, of which only the features are kept. */
function anomalyText({ from, until, text, features }: Anomalies[number]): string {
  const begin = momentText(Date.parse(from) / 1_000)
  const when = until === null ? `since ${begin}` : `${begin} to ${momentText(Date.parse(until) / 1_000)}`
  const untold = features.filter(({ name }) => !text.includes(name))
  const strange = untold.map(({ name, share }) => `${name} (${Math.round(share * 100)} %)`).join(', ')
  return `abnormal ${when}: ${text}${strange === '' ? '' : `; strange was ${strange}`}`
}

function seenOf(anomalies: Anomalies, { fromS, toS }: Span) {
  return anomalies.flatMap(anomaly => {
    const begin = Math.max(Date.parse(anomaly.from) / 1_000, fromS)
    const end = Math.min(anomaly.until === null ? toS : Date.parse(anomaly.until) / 1_000, toS)
    const share = (timeS: number) => `${(100 * timeS) / (toS - fromS)}%`
    const isLate = begin - fromS > (toS - fromS) / 2
    return end < begin ? [] : [{ anomaly, isLate, style: { left: share(begin - fromS), width: share(end - begin) } }]
  })
}
