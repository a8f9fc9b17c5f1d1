// What the bench `scale` measures, as a table and as pictures. Pure.
import { curvesSvg } from '../../test/e2e/recording/curves-svg.mjs'
import { growthExponent } from './statistics.mjs'

export const SIZES = [1, 10, 100, 1_000, 4_000]
/** Slopes up to this are called linear: what is left is what a measurement is off by. */
const LINEAR = 1.1
/** Of one container more than half is what is there without any. */
const BASE = 2

/** Name of the file -> title. */
export const PICTURES = {
  time: 'Time of a cycle or an answer, ms',
  cpu: 'CPU time of a cycle or an answer, ms',
  memory: 'Memory of a process (RSS), MB',
  bytes: 'Files and answers, kB',
}
/** What a figure is, where its name does not say it. */
const KINDS = { time: '', cpu: ', CPU', memory: ', memory', bytes: '' }
export const SCALE_FIGURES = [
  { metric: 'monitor_ms', unit: 'ms', picture: 'time', name: 'monitor' },
  { metric: 'model_ms', unit: 'ms', picture: 'time', name: 'model' },
  { metric: 'configs_ms', unit: 'ms', picture: 'time', name: 'API, configs' },
  { metric: 'overview_ms', unit: 'ms', picture: 'time', name: 'API, overview' },
  { metric: 'monitor_cpu_ms', unit: 'ms', picture: 'cpu', name: 'monitor' },
  { metric: 'model_cpu_ms', unit: 'ms', picture: 'cpu', name: 'model' },
  { metric: 'configs_cpu_ms', unit: 'ms', picture: 'cpu', name: 'API, configs' },
  { metric: 'overview_cpu_ms', unit: 'ms', picture: 'cpu', name: 'API, overview' },
  { metric: 'monitor_rss_mb', unit: 'MB', picture: 'memory', name: 'monitor' },
  { metric: 'model_rss_mb', unit: 'MB', picture: 'memory', name: 'model' },
  { metric: 'api_rss_mb', unit: 'MB', picture: 'memory', name: 'API' },
  { metric: 'metrics_file_kb', unit: 'kB', picture: 'bytes', name: 'cycle in the file' },
  { metric: 'model_state_kb', unit: 'kB', picture: 'bytes', name: "model's state" },
  { metric: 'overview_kb', unit: 'kB', picture: 'bytes', name: 'overview' },
  { metric: 'stream_kb', unit: 'kB', picture: 'bytes', name: 'compressed' },
]

/** The exponent of growth, from 10 containers on, or from where a figure is no longer mostly that of one container. */
export function slopeOf(points) {
  const fromTen = points.filter(([containers]) => containers >= 10)
  const grown = fromTen.filter(([, value]) => value >= BASE * points[0][1])
  return growthExponent(grown.length >= 2 ? grown : fromTen)
}

/** Whether all grow no worse than linear, in words; what does not is named. */
export function verdictText(rows) {
  const steep = slopesOf(rows).filter(({ value }) => value > LINEAR)
  if (steep.length === 0) return `No figure grows worse than linear: no slope is above ${LINEAR}.`
  return `Worse than linear (slope above ${LINEAR}): ${steep.map(({ metric, value }) => `${metric} ${value.toFixed(2)}`).join(', ')}.`
}

function slopesOf(rows) {
  return rows.filter(row => row.bench === 'scale' && row.case === 'slope')
}

export function scaleTable(rows) {
  const measured = (subject, metric) =>
    rows.find(row => row.bench === 'scale' && row.case === subject && row.metric === metric).value
  return {
    title: 'by containers',
    header: ['', 'unit', ...SIZES.map(size => size.toLocaleString('en')), 'slope'],
    rows: SCALE_FIGURES.map(({ metric, unit, picture, name }) => [
      `${name}${KINDS[picture]}`,
      unit,
      ...SIZES.map(size => shown(measured(String(size), metric))),
      measured('slope', metric).toFixed(2),
    ]),
  }
}

/** Three digits are as many as a second run would give again. */
export function shown(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}

/** Name of the file -> SVG. */
export function scalePictures(rows) {
  return Object.fromEntries(
    Object.entries(PICTURES).map(([picture, title]) => [
      picture,
      curvesSvg({
        title,
        subtitle: 'by containers; at each line its slope, broken: linear',
        panels: [
          {
            ticks: SIZES,
            curves: SCALE_FIGURES.filter(each => each.picture === picture).map(each => curveOf(rows, each)),
          },
        ],
        columns: 1,
        size: { width: 390, height: 220 },
      }),
    ]),
  )
}

function curveOf(rows, { metric, name }) {
  const own = rows.filter(row => row.bench === 'scale' && row.metric === metric)
  const slope = own.find(row => row.case === 'slope').value.toFixed(2)
  const points = own.filter(row => row.case !== 'slope').map(row => [Number(row.case), row.value])
  return { name: `${name} ${slope}`, points }
}
