// Which machine measured, and how fast it is at the moment: what runs of two machines, or of two hours, are compared by.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { performance } from 'node:perf_hooks'
import { median } from './statistics.mjs'

/** Rounds of the calibration; the first ones, in which the engine compiles it, do not count. */
const ROUNDS = 25
const WARM_UP_ROUNDS = 5
const LINES = 2_000
const READS = 300

/** The first row of a run; its value is that of the calibration before the first bench. */
export function machineRow() {
  return {
    ...calibrationRow(cpus()[0]?.model ?? 'unknown CPU', [calibrate()]),
    cores: availableParallelism(),
    memory_mb: Math.round(totalmem() / 1_048_576),
    node: process.version,
    kernel: `${type()} ${release()}`,
    date: new Date().toISOString(),
    commit: commit(),
  }
}

/** What the calibration took before and after a bench. */
export function calibrationRow(subject, tookMs) {
  const value = tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length
  const spread = (Math.max(...tookMs) - Math.min(...tookMs)) / value
  return { bench: 'machine', case: subject, metric: 'calibration_ms', value, unit: 'ms', spread }
}

/** In one line, for people. */
export function machineText({ case: cpu, cores, memory_mb: memoryMb, node, kernel, date, commit: built }) {
  const commitText = built === undefined ? '' : `, commit ${built}`
  const memoryGib = Math.round(memoryMb / 1_024)
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, Node.js ${node}, ${kernel}; ${date.slice(0, 10)}${commitText}`
}

/** Milliseconds of a fixed piece of work such as the daemons do: figures out of text, JSON, sums, small files of the kernel. */
export function calibrate() {
  const text = Array.from({ length: LINES }, (_, at) => `figure_${at % 50} ${at * 7_919}`).join('\n')
  const tookMs = Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now()
    const sums = new Map()
    for (const line of text.split('\n')) {
      const [name, value] = line.split(' ')
      sums.set(name, (sums.get(name) ?? 0) + Math.sqrt(Number(value)))
    }
    for (let copy = 0; copy < 50; copy++) JSON.parse(JSON.stringify([...sums]))
    for (let read = 0; read < READS; read++) readFileSync('/proc/self/stat')
    return performance.now() - startMs
  })
  return median(tookMs.slice(WARM_UP_ROUNDS))
}

/** `undefined` outside of a checkout. */
function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=10', '--exclude=*'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    // An unpacked archive has no history: the figures are worth as much without.
    return undefined
  }
}
