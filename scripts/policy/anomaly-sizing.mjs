import { ContainerSizer, Random } from '@lxc-autoscale/model'
import { replay, SHAPE_NAMES, shapeTrace } from '@lxc-autoscale/replay'
import { count, Judge, moved } from './anomaly-judge.mjs'
import { ofSource } from './figures.mjs'
import { score, withStart } from './score.mjs'
import { REPLAY, settingsOf } from './settings.mjs'
import { archivedSeries, generatedSeries } from './sources.mjs'
import { cell } from './tables.mjs'

const CORES_STEP = 0.1
const SHAPE_DAYS = 14
const CHANCES = 3
const MS_PER_DAY = 86_400_000
const DAYS_PER_WEEK = 7
const SETTINGS = settingsOf(CORES_STEP)
const VARIANTS = ['without', 'with', 'by chance']

export function sizingSeries(traces, seed) {
  const shapes = SHAPE_NAMES.map(name => ({
    group: 'shapes',
    source: `shape: ${name}`,
    trace: shapeTrace(name, { seed, days: SHAPE_DAYS }),
    resources: ['cpu', 'memory'],
  }))
  return [...(traces === undefined ? [] : archivedSeries(traces)), ...generatedSeries(seed), ...shapes]
}

/** What one series costs without the verdict, with it, and with the same verdicts at moments that mean nothing. */
export function compare({ trace, ...series }) {
  const started = withStart(trace, CORES_STEP)
  const silent = judged(started, () => false)
  const acting = judged(started, (judge, place) => judge.isAbnormal[place])
  const isNeverAbnormal = !acting.judge.isAbnormal.includes(true)
  return {
    ...series,
    without: [score(started, silent.run)],
    with: [score(started, acting.run)],
    'by chance': isNeverAbnormal ? [score(started, silent.run)] : byChance(started, acting.judge),
    alarms: acting.judge.alarms.length,
    days: (trace.timesS.at(-1) - trace.timesS[0]) / (MS_PER_DAY / 1_000),
    abnormalShare: count(acting.judge.isAbnormal) / trace.timesS.length,
    judgedShare: count(acting.judge.isJudged) / trace.timesS.length,
    announced: announced(started, silent),
  }
}

function judged(trace, says) {
  const judge = new Judge()
  return { judge, run: live(trace, { judge, isAbnormal: place => says(judge, place) }) }
}

function byChance(trace, { isAbnormal }) {
  const random = new Random(1, isAbnormal.length)
  return Array.from({ length: CHANCES }, () => {
    const later = moved(isAbnormal, 0.1 + 0.8 * random.uniform())
    return score(trace, live(trace, { isAbnormal: place => later[place] }))
  })
}

function live(trace, { judge, isAbnormal }) {
  const sizer = new ContainerSizer({ vmid: 100, settings: SETTINGS })
  let place = -1
  const listening = {
    observe(sample) {
      place++
      judge?.observe({ ...sample, cpuUsagePercent: (100 * sample.cpuCoresUsed) / sample.cpuCores })
      sizer.observe(sample)
    },
    decide: circumstances =>
      sizer.decide({ ...circumstances, verdict: { isAbnormal: isAbnormal(place), confidence: 100, why: '' } }),
    applied(allocation, nowMs) {
      judge?.noteChange(nowMs)
      sizer.applied(allocation, nowMs)
    },
  }
  return replay(trace, listening, REPLAY)
}

/** Of the times at which demand rose above what there was, after the first day: those that the forest had announced. */
function announced(trace, { judge, run }) {
  const { isAnnounced, timesMs } = judge
  const from = timesMs.findIndex(timeMs => timeMs > timesMs[0] + MS_PER_DAY)
  const settled = from < 0 ? [] : isAnnounced.slice(from)
  const share = settled.length === 0 ? 0 : count(settled) / settled.length
  const of = (demand = [], given = []) => {
    const isShort = place => demand[place] > given[place] + 1e-9
    const events = [...demand.keys()].filter(
      place => from >= 0 && place >= from && isShort(place) && !isShort(place - 1),
    )
    return {
      events: events.length,
      known: count(events.map(place => isAnnounced[place])),
      expected: events.length * share,
    }
  }
  return { memory: of(trace.memoryMb, run.memoryMb), cpu: of(trace.cpuCores, run.cores) }
}

/** Sources of the archives one by one; what is generated, together. */
export function variantsTable(results) {
  const labels = ({ group, source }) => [group === 'generated' || group === 'shapes' ? group : source, 'all']
  return {
    title:
      'sizing without the verdict, with it, and with as many verdicts at moments that mean nothing (tenths of a core)',
    header: [
      'source',
      'verdict',
      'above the limit / 100 days',
      'beyond swap / 100 days',
      'memory unused %',
      'throttled %',
      'cores unused %',
      'changes of memory / day',
      'of cores / day',
    ],
    rows: grouped(results, labels).flatMap(([label, series]) =>
      VARIANTS.map(variant => [label, variant, ...variantCells(series, variant)]),
    ),
  }
}

function variantCells(series, variant) {
  const rowsOf = resource =>
    series
      .filter(({ resources }) => resources.includes(resource))
      .map(each => mean(each[variant].map(run => run[resource])))
  const memory = rowsOf('memory')
  const cpu = rowsOf('cpu')
  const m = memory.length === 0 ? undefined : ofSource(memory)
  const c = cpu.length === 0 ? undefined : ofSource(cpu)
  const show = (value, digits) => (value === undefined ? '' : cell(value, digits))
  return [
    show(m?.entriesPer100Days, 2),
    show(m?.beyondSwapPer100Days, 2),
    show(m?.unusedPercent, 2),
    show(c?.shortPercent, 4),
    show(c?.unusedPercent, 2),
    show(m?.changesPerDay, 2),
    show(c?.changesPerDay, 2),
  ]
}

export function alarmsTable(results) {
  return {
    title: 'alarms of the forest, and what they announced by an hour',
    header: [
      'source',
      'series',
      'days',
      'judged % of the time',
      'abnormal % of the time',
      'alarms / container and week',
      'above the limit: announced',
      'by chance',
      'throttled: announced',
      'by chance',
    ],
    rows: grouped(results, ({ source }) => [source, 'all']).map(([label, series]) => {
      const sum = of => series.reduce((all, each) => all + of(each), 0)
      const days = sum(each => each.days)
      const told = resource => [
        `${sum(
          ({
            announced: {
              [resource]: { known },
            },
          }) => known,
        )} of ${sum(
          ({
            announced: {
              [resource]: { events },
            },
          }) => events,
        )}`,
        cell(
          sum(
            ({
              announced: {
                [resource]: { expected },
              },
            }) => expected,
          ),
          2,
        ),
      ]
      return [
        label,
        `${series.length}`,
        cell(days, 0),
        cell((100 * sum(each => each.judgedShare)) / series.length, 0),
        cell((100 * sum(each => each.abnormalShare)) / series.length, 2),
        cell((DAYS_PER_WEEK * sum(each => each.alarms)) / days, 2),
        ...told('memory'),
        ...told('cpu'),
      ]
    }),
  }
}

/** [label, its series]; a series may have several labels. */
function grouped(results, labelsOf) {
  const groups = new Map()
  for (const each of results)
    for (const label of labelsOf(each)) groups.set(label, [...(groups.get(label) ?? []), each])
  return [...groups].sort(([a], [b]) => Number(a === 'all') - Number(b === 'all'))
}

function mean(rows) {
  return Object.fromEntries(
    Object.keys(rows[0]).map(key => [key, rows.reduce((all, row) => all + row[key], 0) / rows.length]),
  )
}
