import type { SeriesBody } from '@lxc-autoscale/core'
import { type Signal, useSignal } from '@preact/signals'
import { useMemo, useState } from 'preact/hooks'
import { place, setQuery } from '../router.ts'
import { AnomalyList, AnomalyStrip, Shades } from './anomalies.tsx'
import { type Chart, chartsOf, type Span, stepEndsS, topOf } from './chart.ts'
import { FiguresTable } from './figures-table.tsx'
import { MarkButtons } from './mark-buttons.tsx'
import { MarkPopover, type OpenedMarks } from './mark-popover.tsx'
import { changeMarks, groupMarks, killMarks, type Mark } from './marks.ts'
import { Plot } from './plot.tsx'
import { RangeBar } from './range-bar.tsx'
import { Readout } from './readout.tsx'
import { useSeries } from './use-series.ts'
import { viewOf, zoomQuery } from './view.ts'

/** What was measured of a container, with what was made of it. */
export function Measured({ vmid }: { readonly vmid: number }) {
  const view = viewOf(place.value.query)
  const { series, problem, isLoading } = useSeries(vmid, view)
  const span = series === undefined ? undefined : spanOf(series)
  return (
    <section aria-labelledby="measured" aria-busy={isLoading} class="measured">
      <div class="section-head">
        <h2 id="measured">Use and size</h2>
        <RangeBar view={view} span={span} />
      </div>
      {problem !== undefined && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {series === undefined || span === undefined ? (
        <div class="charts-room" />
      ) : (
        <Charts series={series} span={span} />
      )}
    </section>
  )
}

function spanOf({ since, until }: SeriesBody): Span {
  return { fromS: Date.parse(since) / 1_000, toS: Date.parse(until) / 1_000 }
}

const LARGE_PX = 210
const SMALL_PX = 110
/** Marks that are nearer to each other, in a chart of this many, are one. */
const MARKS_ACROSS = 40

function Charts({ series, span }: { readonly series: SeriesBody; readonly span: Span }) {
  const pointed = useSignal<number | undefined>(undefined)
  const [opened, setOpened] = useState<OpenedMarks>()
  const timesS = useMemo(() => stepEndsS(series, series.kills.length), [series])
  const { cpu, memory, throttling, pressure } = useMemo(() => chartsOf(series), [series])
  const memoryMarks = [...changeMarks(series.changes, 'memory'), ...killMarks(series.kills, timesS)]
  const common = { series, span, timesS, pointed, onOpen: (marks: OpenedMarks) => setOpened(marks) }
  return (
    <>
      <ChartFigure {...common} chart={cpu} heightPx={LARGE_PX} marks={changeMarks(series.changes, 'cpu')} hasStrip />
      <ChartFigure {...common} chart={memory} heightPx={LARGE_PX} marks={memoryMarks} />
      <div class="small-charts">
        <ChartFigure {...common} chart={throttling} heightPx={SMALL_PX} />
        <ChartFigure {...common} chart={pressure} heightPx={SMALL_PX} />
      </div>
      <AnomalyList anomalies={series.anomalies} />
      <FiguresTable series={series} timesS={timesS} />
      {opened !== undefined && <MarkPopover opened={opened} onClose={() => setOpened(undefined)} />}
    </>
  )
}

interface ChartFigureProps {
  readonly series: SeriesBody
  readonly span: Span
  readonly timesS: readonly number[]
  readonly pointed: Signal<number | undefined>
  readonly onOpen: (marks: OpenedMarks) => void
  readonly chart: Chart
  readonly heightPx: number
  readonly marks?: readonly Mark[]
  readonly hasStrip?: boolean
}

function ChartFigure({
  series,
  span,
  timesS,
  pointed,
  onOpen,
  chart,
  heightPx,
  marks = [],
  hasStrip,
}: ChartFigureProps) {
  const groups = groupMarks(marks, span, (span.toS - span.fromS) / MARKS_ACROSS)
  return (
    <figure aria-label={chart.title}>
      <figcaption>
        <h3>{chart.title}</h3>
        <Readout chart={chart} timesS={timesS} pointed={pointed} />
      </figcaption>
      <Plot
        chart={chart}
        timesS={timesS}
        span={span}
        heightPx={heightPx}
        pointed={pointed}
        onZoom={zoom => setQuery(zoomQuery(zoom))}
        onReset={() => setQuery(zoomQuery(undefined))}
      >
        <Shades anomalies={series.anomalies} span={span} />
        {hasStrip && <AnomalyStrip anomalies={series.anomalies} span={span} />}
        <MarkButtons
          label={`What happened, ${chart.title}`}
          groups={groups}
          span={span}
          top={topOf(chart)}
          onOpen={(group, button) => onOpen({ group, button })}
        />
      </Plot>
    </figure>
  )
}
