import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { auroc, averagePrecision, evaluateForest, Random } from '@lxc-autoscale/model'
import { count, Judge, moved } from './anomaly-judge.mjs'
import { cell } from './tables.mjs'

const SEEDS = 3
const CHANCES = 20
const MS_PER_WEEK = 604_800_000
/** An alarm so shortly after an episode is still about it. */
const CALM_MS = 1_800_000

/**
 * What the columns of a set of time series are taken for, in the order cores, memory, bytes received and sent, operations read and
 * written, processes, swap, files; those whose publisher withholds the names, as they come.
 */
const SERIES = [
  { of: /^nab_/, stepS: 300, columns: [1], share: value => value / 100 },
  { of: /^smd_/, stepS: 60, columns: [0, 5, 18, 19, 9, 13, 22, 17, 12], share: value => value },
  { of: /^asd_.*_test$/, stepS: 300, columns: [0, 1, 2, 3, 4, 5, 6, 7, 8], share: value => value },
  { of: /^nezha_/, stepS: 60, columns: [0, 1, 4, 5, 2, 3, 6, 7], share: value => Math.max(0, 0.5 + value / 10) },
]
/** What a share of 1 is. */
const FULL = { cores: 8, memoryMb: 16_384, bytes: 1e7, operations: 2_000, processes: 400, swapMb: 2_048, filesGb: 100 }
const ALLOWED_CORES = 64

/** The forest alone, on the rows of each set, beside scikit-learn's. */
export function forestsTable(folder) {
  const theirs = baselineOf(folder)
  const rows = readSets(folder)
    .filter(({ name }) => theirs.has(name))
    .map(({ name, matrix, labels }) => {
      // the first column of these is the time
      const judged = name.startsWith('nab_') ? { rows: matrix.rows, columns: 1, values: column(matrix, 1) } : matrix
      const ours = evaluateForest({ matrix: judged, labels, seeds: SEEDS, monotonicMs: () => performance.now() })
      const baseline = theirs.get(name)
      return [
        name,
        ...[ours.auroc.mean, baseline.auroc, ours.averagePrecision.mean, baseline.precision].map(value =>
          cell(value, 3),
        ),
      ]
    })
  return {
    title: 'the forest on labelled rows',
    header: ['set', 'AUROC', 'scikit-learn', 'average precision', 'scikit-learn'],
    rows,
  }
}

/** Series with labelled episodes, judged sample by sample as a container is. */
export function episodesTable(folder) {
  const sets = readSets(folder)
  const rows = sets.flatMap(set => {
    const family = SERIES.find(({ of }) => of.test(set.name))
    if (family === undefined) return []
    const train = sets.find(({ name }) => name === set.name.replace('_test', '_train') && name !== set.name)
    return [episodesRow(set, train, family)]
  })
  const header = [
    'series',
    'days',
    'episodes',
    'with an alarm',
    'by chance',
    'false alarms / week',
    'AUROC',
    'average precision',
  ]
  return { title: 'alarms on labelled series', header, rows }
}

function episodesRow({ name, matrix, labels }, train, family) {
  const judge = new Judge()
  const learned = train?.matrix.rows ?? 0
  if (train !== undefined) for (const sample of samples(train.matrix, family, 0)) judge.observe(sample)
  for (const sample of samples(matrix, family, learned)) judge.observe(sample)
  const timesMs = judge.timesMs.slice(learned)
  const isAbnormal = judge.isAbnormal.slice(learned)
  const episodes = episodesOf(labels)
  const weeks = (timesMs.at(-1) - timesMs[0]) / MS_PER_WEEK
  const isFalse = place =>
    !episodes.some(({ from, to }) => place >= from && timesMs[place] <= timesMs[to - 1] + CALM_MS)
  const falseAlarms = judge.alarms.map(place => place - learned).filter(place => place >= 0 && isFalse(place))
  const random = new Random(1, labels.length)
  const chances = Array.from({ length: CHANCES }, () => found(episodes, moved(isAbnormal, random.uniform())))
  const places = [...labels.keys()].filter(place => judge.scores[learned + place] !== undefined)
  const scores = places.map(place => judge.scores[learned + place])
  const truth = places.map(place => labels[place] !== 0)
  return [
    name,
    cell(weeks * 7, 1),
    `${episodes.length}`,
    `${found(episodes, isAbnormal)}`,
    cell(chances.reduce((sum, each) => sum + each, 0) / CHANCES, 2),
    cell(falseAlarms.length / weeks, 2),
    cell(auroc(scores, truth), 3),
    cell(averagePrecision(scores, truth), 3),
  ]
}

function found(episodes, isAbnormal) {
  return count(episodes.map(({ from, to }) => isAbnormal.slice(from, to).includes(true)))
}

function episodesOf(labels) {
  const episodes = []
  labels.forEach((label, place) => {
    if (label === 0) return
    if (labels[place - 1] === 1) episodes.at(-1).to = place + 1
    else episodes.push({ from: place, to: place + 1 })
  })
  return episodes
}

/** The rows as samples of a container, from the `first` step on. */
function samples(matrix, { stepS, columns, share }, first) {
  const totals = new Float64Array(columns.length)
  return Array.from({ length: matrix.rows }, (_, row) => {
    const of = (place, full) => {
      const value = matrix.values[row * matrix.columns + columns[place]]
      return columns[place] === undefined ? undefined : share(value) * full
    }
    const total = (place, full) => {
      totals[place] += of(place, full) * stepS
      return totals[place]
    }
    const pair = (names, place, full) =>
      columns[place] === undefined
        ? undefined
        : Object.fromEntries(names.map((name, i) => [name, total(place + i, full)]))
    const cores = of(0, FULL.cores)
    return {
      timestampMs: (first + row + 1) * stepS * 1_000,
      cpuCores: ALLOWED_CORES,
      cpuCoresUsed: cores,
      cpuUsagePercent: (100 * cores) / ALLOWED_CORES,
      memoryUsageMb: of(1, FULL.memoryMb),
      networkUsage: pair(['rxBytes', 'txBytes'], 2, FULL.bytes),
      ioStats: pair(['reads', 'writes'], 4, FULL.operations),
      processCount: of(6, FULL.processes),
      swapUsageMb: of(7, FULL.swapMb),
      filesystemUsageGb: of(8, FULL.filesGb),
    }
  })
}

function readSets(folder) {
  const files = readdirSync(folder).filter(file => file.endsWith('.csv.gz'))
  return files.sort().map(file => {
    const lines = gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(1)
    const rows = lines.map(line => line.split(',').map(Number))
    const columns = rows[0].length - 1
    const values = Float64Array.from(rows.flatMap(row => row.slice(0, columns)))
    const labels = rows.map(row => row[columns])
    return { name: file.replace('.csv.gz', ''), matrix: { values, rows: rows.length, columns }, labels }
  })
}

function column({ values, rows, columns }, place) {
  return Float64Array.from({ length: rows }, (_, row) => values[row * columns + place])
}

function baselineOf(folder) {
  const [header, ...lines] = readFileSync(join(folder, 'BASELINE_sklearn.csv'), 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  const rows = lines.map(line => Object.fromEntries(line.split(',').map((field, place) => [names[place], field])))
  const same = rows.filter(row => row.fitted_on === 'same rows')
  return new Map(same.map(row => [row.name, { auroc: Number(row.auroc_mean), precision: Number(row.ap_mean) }]))
}
