import type { WhatIfResult } from '@lxc-autoscale/core'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Chart, stepEndsS, whatIfCharts } from '../charts/chart.ts'
import { Plot } from '../charts/plot.tsx'
import { Readout } from '../charts/readout.tsx'

const HEIGHT_PX = 190

/** What a container had, and would have had, as curves. */
export function WhatIfCharts({ result }: { readonly result: WhatIfResult }) {
  const { cpu, memory } = useMemo(() => whatIfCharts(result), [result])
  return (
    <div class="charts">
      <ResultChart chart={cpu} result={result} />
      <ResultChart chart={memory} result={result} />
    </div>
  )
}

function ResultChart({ chart, result }: { readonly chart: Chart; readonly result: WhatIfResult }) {
  const pointed = useSignal<number | undefined>(undefined)
  const timesS = useMemo(() => stepEndsS(result, result.cores_used.length), [result])
  const span = useMemo(() => ({ fromS: Date.parse(result.since) / 1_000, toS: timesS.at(-1) ?? 0 }), [result])
  return (
    <figure aria-label={`${chart.title}, had and would have had`}>
      <figcaption>
        <h3>{chart.title}</h3>
        <Readout chart={chart} timesS={timesS} pointed={pointed} />
      </figcaption>
      <Plot chart={chart} timesS={timesS} span={span} heightPx={HEIGHT_PX} pointed={pointed} />
    </figure>
  )
}
