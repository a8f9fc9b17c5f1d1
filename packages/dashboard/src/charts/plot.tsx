import { effect, type Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { figureText, timeLabels } from './axis-text.ts'
import { type Chart, columnsOf, type DrawnColumn, lonely, type Span, topOf } from './chart.ts'
import { colourOf, onThemeChange } from './colours.ts'

export interface PlotProps {
  readonly chart: Chart
  readonly timesS: readonly number[]
  readonly span: Span
  readonly heightPx: number
  /** The step that is pointed at, in all charts that share it. */
  readonly pointed: Signal<number | undefined>
  readonly onZoom?: (span: Span) => void
  readonly onReset?: () => void
  /** What lies over the plotting area, placed in percent of it. */
  readonly children?: ComponentChildren
}

/** The plotting area within the plot; styles/charts.css has the same for what lies over it. */
const PADDING = { top: 10, right: 12 }
const X_AXIS_PX = 26
const Y_AXIS_PX = 68
/** A shorter drag was meant to be a click. */
const LEAST_DRAG_PX = 5
/** Steps of the axis of memory, MiB: an administrator thinks in powers of two. */
const MEMORY_STEPS_MB = Array.from({ length: 20 }, (_, power) => 2 ** power)

/** A chart without its words. It is drawn by uPlot; a screen reader is told by what stands around it. */
export function Plot(props: PlotProps) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const newest = useRef(props)
  newest.current = props
  const { chart, timesS, span, heightPx, children } = props

  useLayoutEffect(() => {
    const element = holder.current
    if (element === null) return undefined
    const made = new uPlot(optionsOf(newest, element.clientWidth), dataOf(newest.current), element)
    plot.current = made
    const resized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: newest.current.heightPx }),
    )
    resized.observe(element)
    const endTheme = onThemeChange(() => made.redraw(false))
    const endCursor = followCursor(made, newest.current.pointed)
    return () => {
      endCursor()
      endTheme()
      resized.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [])
  useEffect(() => plot.current?.setData(dataOf(newest.current)), [chart, timesS, span])

  return (
    <div class="plot" style={{ height: `${heightPx}px` }}>
      <div ref={holder} class="plot-canvas" aria-hidden="true" />
      <div class="plot-over">{children}</div>
    </div>
  )
}

function dataOf({ chart, timesS }: PlotProps): uPlot.AlignedData {
  const columns: unknown = columnsOf(chart, timesS)
  return columns as uPlot.AlignedData
}

/** A step that is pointed at in another chart is pointed at in this one. */
function followCursor(plot: uPlot, pointed: Signal<number | undefined>): () => void {
  return effect(() => {
    const at = pointed.value
    if (plot.cursor.idx === (at ?? null)) return
    const timeS = at === undefined ? undefined : plot.data[0][at]
    const left = timeS === undefined ? -10 : plot.valToPos(timeS, 'x')
    plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false)
  })
}

function optionsOf(props: { readonly current: PlotProps }, width: number): uPlot.Options {
  const { chart, heightPx } = props.current
  return {
    width,
    height: heightPx,
    padding: [PADDING.top, PADDING.right, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          props.current.onReset?.()
          return null
        },
      },
    },
    scales: {
      x: { range: () => [props.current.span.fromS, props.current.span.toS] },
      y: { range: () => [0, topOf(props.current.chart)] },
    },
    axes: [xAxis(), yAxis(chart)],
    ...seriesOf(chart),
    hooks: {
      setCursor: [
        ({ cursor: { idx } }) => {
          props.current.pointed.value = idx ?? undefined
        },
      ],
      setSelect: [plot => zoomed(plot, props.current)],
    },
  }
}

function zoomed(plot: uPlot, { onZoom }: PlotProps): void {
  const { left, width } = plot.select
  if (width < LEAST_DRAG_PX) return
  const span = { fromS: plot.posToVal(left, 'x'), toS: plot.posToVal(left + width, 'x') }
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  onZoom?.(span)
}

function xAxis(): uPlot.Axis {
  return {
    ...axisLook(),
    size: X_AXIS_PX,
    space: 64,
    values: (...[, timesS, , , stepS]) => timeLabels(timesS, stepS),
  }
}

function yAxis({ unit }: Chart): uPlot.Axis {
  return {
    ...axisLook(),
    size: Y_AXIS_PX,
    space: 28,
    values: (_, values) => values.map(value => figureText(unit, value)),
    ...(unit === 'memory_mb' ? { incrs: MEMORY_STEPS_MB } : {}),
  }
}

function axisLook(): uPlot.Axis {
  const grid = () => colourOf('--line')
  const font = `12px ${getComputedStyle(document.body).fontFamily}`
  return { stroke: () => colourOf('--muted'), font, grid: { stroke: grid, width: 1 }, ticks: { show: false } }
}

function seriesOf({ band, lines }: Chart): Pick<uPlot.Options, 'series' | 'bands'> {
  const edge: uPlot.Series = { points: { show: false } }
  const drawn = lines.map(({ colour, isStep, isDashed, isArea }): uPlot.Series => {
    const stepped = isStep ? uPlot.paths.stepped?.({ align: 1 }) : undefined
    return {
      stroke: () => colourOf(colour),
      width: isStep ? 2 : 1.5,
      points: { size: 4, filter: (plot, at) => lonely(plot.data[at] as DrawnColumn) },
      ...(isDashed ? { dash: [6, 4] } : {}),
      ...(isArea ? { fill: () => colourOf(`${colour}-area`) } : {}),
      ...(stepped === undefined ? {} : { paths: stepped }),
    }
  })
  if (band === undefined) return { series: [{}, ...drawn] }
  const fill = () => colourOf(`${lines[0]?.colour}-band`)
  return { series: [{}, edge, edge, ...drawn], bands: [{ series: [1, 2], fill }] }
}
