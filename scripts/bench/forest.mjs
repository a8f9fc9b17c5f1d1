// The isolation forest: growing and scoring at three sizes, one row, and against scikit-learn and npm's isolation-forest where they are installed.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fitForest } from '../../packages/model/dist/forest/isolation-forest.js'
import { median } from './statistics.mjs'

const COLUMNS = 26
const SIZES = [10_000, 60_000, 200_000]
const NPM_ROWS = 10_000
const OPTIONS = { nEstimators: 100, maxSamples: 256 }
/** The fastest run counts: whatever else the machine does can only add to it. */
const TIMES = 7
const ONE_ROW_TIMES = 5_000
/** Debian's, which has python3-sklearn if the package is installed. */
const PYTHON = '/usr/bin/python3'

export async function run(report) {
  const ours = new Map()
  measureFit(gaussianMatrix(SIZES[0]))
  for (const rows of SIZES) {
    const measured = measureFit(gaussianMatrix(rows))
    ours.set(rows, measured.totalMs)
    report({ bench: 'forest', case: rows, metric: 'fit_score_ms', value: measured.totalMs, unit: 'ms' })
    report({ bench: 'forest', case: rows, metric: 'score_row_us', value: measured.scoreRowUs, unit: 'us' })
  }
  report({
    bench: 'forest',
    case: 1,
    metric: 'score_row_us',
    value: measureOneRow(gaussianMatrix(SIZES[0])),
    unit: 'us',
  })
  for (const rows of SIZES) {
    const theirsMs = measureSklearn(rows)
    if (theirsMs === undefined) break
    report({ bench: 'forest', case: rows, metric: 'speedup_vs_sklearn', value: theirsMs / ours.get(rows), unit: 'x' })
  }
  const npmMs = await measureNpm(gaussianMatrix(NPM_ROWS))
  if (npmMs === undefined) return
  report({ bench: 'forest', case: NPM_ROWS, metric: 'speedup_vs_npm', value: npmMs / ours.get(NPM_ROWS), unit: 'x' })
}

function measureFit(matrix) {
  const runs = Array.from({ length: TIMES }, (_, seed) => {
    const startMs = performance.now()
    const forest = fitForest(matrix, { ...OPTIONS, randomState: seed })
    const fittedMs = performance.now()
    forest.scoreSamples(matrix)
    const scoredMs = performance.now()
    return { totalMs: scoredMs - startMs, scoreMs: scoredMs - fittedMs }
  })
  return {
    totalMs: fastest(runs.map(({ totalMs }) => totalMs)),
    scoreRowUs: (fastest(runs.map(({ scoreMs }) => scoreMs)) * 1_000) / matrix.rows,
  }
}

function measureOneRow(matrix) {
  const forest = fitForest(matrix, OPTIONS)
  const times = Array.from({ length: ONE_ROW_TIMES }, (_, i) => {
    const row = matrix.values.slice(i * COLUMNS, (i + 1) * COLUMNS)
    const startMs = performance.now()
    forest.anomalyScore(row)
    return (performance.now() - startMs) * 1_000
  })
  return median(times)
}

/** Milliseconds scikit-learn takes for the same, with one thread; undefined when it is not installed. */
function measureSklearn(rows) {
  if (!existsSync(PYTHON)) return skip(`${PYTHON} is not installed`)
  const script = join(import.meta.dirname, 'forest-sklearn.py')
  const times = String(rows > 100_000 ? 3 : TIMES)
  const env = { PATH: process.env.PATH, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  try {
    const answer = execFileSync(PYTHON, [script, String(rows), String(COLUMNS), times], { env, encoding: 'utf8' })
    return fastest(JSON.parse(answer).times_ms)
  } catch (error) {
    return skip(
      `scikit-learn did not run (apt-get install python3-sklearn): ${String(error.stderr ?? error)
        .trim()
        .split('\n')
        .at(-1)}`,
    )
  }
}

/** Milliseconds npm's isolation-forest takes for the same; undefined when it is not installed. */
async function measureNpm(matrix) {
  let npm
  try {
    npm = await import('isolation-forest')
  } catch (error) {
    return skip(`npm's isolation-forest is not installed: ${error.code}`)
  }
  const objects = Array.from({ length: matrix.rows }, (_, row) =>
    Object.fromEntries(Array.from({ length: COLUMNS }, (_, c) => [`f${c}`, matrix.values[row * COLUMNS + c]])),
  )
  return fastest(
    Array.from({ length: 3 }, () => {
      const startMs = performance.now()
      const forest = new npm.default.IsolationForest(OPTIONS.nEstimators, OPTIONS.maxSamples)
      forest.fit(objects)
      forest.predict(objects)
      return performance.now() - startMs
    }),
  )
}

function skip(note) {
  console.error(`forest: ${note}; no comparison with it`)
  return undefined
}

/** Rows x COLUMNS of Gaussian numbers, columns of different scale, the same each time. */
function gaussianMatrix(rows) {
  const values = new Float64Array(rows * COLUMNS)
  let state = 20_240_601
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 4_294_967_296
  }
  for (let i = 0; i < values.length; i++) {
    const gaussian = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    values[i] = gaussian * (1 + (i % COLUMNS))
  }
  return { values, rows, columns: COLUMNS }
}

function fastest(values) {
  return Math.min(...values)
}
