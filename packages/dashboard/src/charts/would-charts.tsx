import type { ShortMoment } from '@lxc-autoscale/core'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Chart, type Span, stepEndsS, type WouldCurves, wouldCharts } from './chart.ts'
import { Plot } from './plot.tsx'
import { Readout } from './readout.tsx'

const HEIGHT_PX = 190

interface WouldChartsProps {
  readonly curves: WouldCurves
  /** When it would have been short of either. */
  readonly short?: { readonly cores: readonly ShortMoment[]; readonly memory: readonly ShortMoment[] }
}

/** What a container had, and would have had, as curves. */
export function WouldCharts({ curves, short }: WouldChartsProps) {
  const { cpu, memory } = useMemo(() => wouldCharts(curves), [curves])
  return (
    <div class="charts">
      <WouldChart chart={cpu} curves={curves} short={short?.cores ?? []} />
      <WouldChart chart={memory} curves={curves} short={short?.memory ?? []} />
    </div>
  )
}

interface WouldChartProps {
  readonly chart: Chart
  readonly curves: WouldCurves
  readonly short: readonly ShortMoment[]
}

function WouldChart({ chart, curves, short }: WouldChartProps) {
  const pointed = useSignal<number | undefined>(undefined)
  const timesS = useMemo(() => stepEndsS(curves, curves.cores_used.length), [curves])
  const span = useMemo(() => ({ fromS: Date.parse(curves.since) / 1_000, toS: timesS.at(-1) ?? 0 }), [curves])
  return (
    <figure aria-label={`${chart.title}, had and would have had`}>
      <figcaption>
        <h3>{chart.title}</h3>
        <Readout chart={chart} timesS={timesS} pointed={pointed} />
      </figcaption>
      <Plot chart={chart} timesS={timesS} span={span} heightPx={HEIGHT_PX} pointed={pointed}>
        {short.map(moment => (
          <div class="shade" style={placeOf(moment, span)} key={moment.since} aria-hidden="true" />
        ))}
      </Plot>
    </figure>
  )
}

function placeOf({ since, until }: ShortMoment, { fromS, toS }: Span) {
  const share = (timeS: number) => `${(100 * timeS) / (toS - fromS)}%`
  const [beginS, endS] = [Date.parse(since) / 1_000, Date.parse(until) / 1_000]
  return { left: share(beginS - fromS), width: share(endS - beginS) }
}
