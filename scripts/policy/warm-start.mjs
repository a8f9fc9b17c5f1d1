import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { RRD_FORMATS } from '@lxc-autoscale/replay'
import { writeBlock, writeTables } from './docs-page.mjs'
import { ofSource, ofSources } from './figures.mjs'
import { archivedSeries, generatedSeries } from './sources.mjs'
import { cell, columnsOf, tableText } from './tables.mjs'

const WORKERS = 2
const SECONDS_PER_DAY = 86_400
const DAYS_AFTER = 3
const LEAST_DAYS_BEFORE = 1
/** Of a long series so many begins are judged, `DAYS_AFTER` apart. */
const MOST_CUTS = 3
const COLD = 'cold'
const VIEWS = [
  { name: 'whole cores', resource: 'cpu', coresStep: 1 },
  { name: 'tenths of a core', resource: 'cpu', coresStep: 0.1 },
  { name: 'memory', resource: 'memory', coresStep: 1 },
]

/** npm run policy -- warm-start: the first days of a container with what Proxmox kept of it, and without. */
export async function warmStart(args) {
  const { values: options } = parseArgs({
    args,
    options: {
      traces: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      markdown: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
    },
  })
  const all = [
    ...(options.traces === undefined ? [] : archivedSeries(options.traces)),
    ...generatedSeries(Number(options.seed)),
  ]
  const series = all.filter(({ source }) => options.only === undefined || source.includes(options.only))
  const jobs = series.flatMap(({ trace, resources }, seriesIndex) =>
    cutsOf(trace).flatMap(fromS =>
      [1, 0.1].flatMap(coresStep => {
        const views = VIEWS.filter(view => view.coresStep === coresStep && resources.includes(view.resource))
        const starts = views.length === 0 ? [] : [COLD, ...RRD_FORMATS]
        return starts.map(start => ({ seriesIndex, coresStep, fromS, start, views }))
      }),
    ),
  )
  const scores = await scoresOf(jobs, series)
  const tables = VIEWS.map(view => tableOf(view, { jobs, scores, series }))
  for (const table of tables) console.log(tableText(table, options.markdown))
  if (!options.docs) return
  writeTables('warm-start', tables)
  writeBlock('warm-start-cost', costText(tables))
}

const STARTS = { [COLD]: 'nothing', 'pve2.3-vm': 'what Proxmox VE 8 kept', 'pve-vm-9.0': 'what Proxmox VE 9 kept' }

/** The last lines of the tables, which are means over the generated sources, side by side. */
function costText(tables) {
  const rows = tables.flatMap(({ title, header, rows: all }) =>
    all.slice(-Object.keys(STARTS).length).map(([, start, , ...figures]) => {
      const told = figures.map((figure, column) => `${header[column + 3]}: ${figure}`)
      return `| ${title.split(':')[0]} | ${STARTS[start]} | ${told.join('; ')} |`
    }),
  )
  return `| | known at the begin | |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

/** Where a series is cut: what is before becomes the past, the days after are lived. */
function cutsOf({ timesS }) {
  const [first, last] = [timesS[0], timesS.at(-1)]
  return Array.from({ length: MOST_CUTS }, (_, index) => last - (index + 1) * DAYS_AFTER * SECONDS_PER_DAY).filter(
    fromS => fromS - first >= LEAST_DAYS_BEFORE * SECONDS_PER_DAY - 600,
  )
}

async function scoresOf(jobs, series) {
  const waiting = jobs.entries()
  const scores = []
  const workerData = { traces: series.map(({ trace }) => trace) }
  const work = async () => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData })
    for (const [index, { seriesIndex, coresStep, fromS, start }] of waiting) {
      const answer = once(worker, 'message')
      const format = start === COLD ? undefined : start
      worker.postMessage({ seriesIndex, coresStep, fromS, lengthS: DAYS_AFTER * SECONDS_PER_DAY, format })
      scores[index] = (await answer)[0]
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  return scores
}

function tableOf({ name, resource }, { jobs, scores, series }) {
  const columns = columnsOf(resource)
  const starts = [COLD, ...RRD_FORMATS]
  const figuresOf = (source, start) =>
    jobs.flatMap((job, index) => {
      const isOne = job.start === start && job.views.some(view => view.name === name)
      const figures = scores[index][resource]
      return isOne && figures !== undefined && series[job.seriesIndex].source === source ? [figures] : []
    })
  const sources = [...new Set(series.map(({ source }) => source))].filter(source => figuresOf(source, COLD).length > 0)
  const cells = figures => columns.map(([key, , digits]) => cell(figures[key], digits))
  const rows = starts.flatMap(start =>
    sources.map(source => {
      const figures = ofSource(figuresOf(source, start))
      return [source, start, `${figures.series}`, ...cells(figures)]
    }),
  )
  const groups = [...new Set(series.map(({ group }) => group))]
  const sums = groups.flatMap(group => {
    const members = sources.filter(source => series.find(each => each.source === source).group === group)
    return members.length === 0
      ? []
      : starts.map(start => [
          `all ${group}`,
          start,
          '',
          ...cells(ofSources(members.map(source => figuresOf(source, start)))),
        ])
  })
  const bySource = rows.toSorted((a, b) => sources.indexOf(a[0]) - sources.indexOf(b[0]))
  return {
    title: `${name}: the first ${DAYS_AFTER} days, by what is known at their begin`,
    header: ['source', 'known', 'begins', ...columns.map(([, heading]) => heading)],
    rows: [...bySource, ...sums],
  }
}
