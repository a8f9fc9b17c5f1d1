// npm run bench -- store: what it costs to keep one more cycle in a full metrics file, and to start with one.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { formatCycle } from '@lxc-autoscale/core'
import { MetricsFile } from '../../packages/monitor/dist/store/metrics-file.js'
import { median } from './statistics.mjs'

const ENTRIES = 1_000
const CONTAINERS = 200
/** Two rewrites of the file fall into it. */
const APPENDS = 200
const STARTS = 5

const silent = { info() {}, warn: console.error, error: console.error, debug() {} }

export async function run(report) {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-store-'))
  const path = join(folder, 'lxc_metrics.json')
  const row = (metric, value, unit) => report({ bench: 'store', case: `${CONTAINERS}x${ENTRIES}`, metric, value, unit })
  try {
    writeFullFile(path)
    const startMs = []
    for (let start = 0; start < STARTS; start++) startMs.push(await measureStart(path))
    row('start_ms', median(startMs), 'ms')
    const { append, cpu, rewrites } = await measureAppends(path)
    row('append_ms', append, 'ms')
    row('append_cpu_ms', cpu, 'ms')
    row('rewrites_per_100_cycles', rewrites, '')
    row('file_mb', statSync(path).size / 1_048_576, 'MB')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function open(path) {
  return new MetricsFile({ path, maxCycles: ENTRIES, nowMs: () => Date.now(), log: silent })
}

function writeFullFile(path) {
  const lines = Array.from({ length: ENTRIES }, (_, cycle) => lineOf(cycle))
  writeFileSync(path, `[\n${lines.join(',\n')}\n]\n`)
}

/** From nothing to ready for the first append: this is what a start adds to that of the process. */
async function measureStart(path) {
  const file = open(path)
  const startMs = performance.now()
  await file.open()
  const ms = performance.now() - startMs
  if (file.cycles !== ENTRIES) throw new Error(`${file.cycles} entries were found`)
  await file.close()
  return ms
}

async function measureAppends(path) {
  const file = open(path)
  await file.open()
  const lines = Array.from({ length: APPENDS }, (_, cycle) => Buffer.from(lineOf(ENTRIES + cycle)))
  const longest = Math.max(...lines.map(line => line.length)) + 16
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  let rewrites = 0
  for (const line of lines) {
    const { isStored, bytes } = await file.append(line)
    if (!isStored) throw new Error('a cycle was not stored')
    if (bytes > longest) rewrites++
  }
  const { user, system } = process.cpuUsage(startCpu)
  const append = (performance.now() - startMs) / APPENDS
  await file.close()
  return { append, cpu: (user + system) / 1_000 / APPENDS, rewrites: (100 * rewrites) / APPENDS }
}

function lineOf(cycle) {
  const timestampMs = Date.UTC(2026, 0, 5) + cycle * 10_000
  const containers = Array.from({ length: CONTAINERS }, (_, index) => [
    101 + index,
    sampleOf(timestampMs, index + cycle),
  ])
  const summary = {
    collectionStartMs: timestampMs,
    collectionEndMs: timestampMs + 10,
    totalContainers: CONTAINERS,
    failedContainers: 0,
    totalDurationSeconds: 0.01,
    monitorCpuPercent: 0.2,
    monitorMemoryUsageMb: 80,
    hostCores: 64,
    hostMemoryMb: 262_144,
    hostMemoryAvailableMb: 100_000,
    hostLoad1: 12.5,
  }
  return formatCycle({ containers: new Map(containers), summary })
}

function sampleOf(timestampMs, seed) {
  const wave = (size, period) => size * (1 + Math.sin(seed / period))
  return {
    timestampMs,
    runId: 12_345 + (seed % 7),
    cpuUsagePercent: wave(31.271, 17),
    cpuCoresUsed: wave(0.62542, 17),
    cpuCores: 2,
    cpuThrottledPercent: 0,
    memoryUsageMb: wave(311.125, 41),
    memoryLimitMb: 1_024,
    memoryFloorMb: wave(290.5, 41),
    swapUsageMb: 3.25,
    swapTotalMb: 512,
    processCount: 23,
    ioStats: { reads: 123_456 + seed, writes: 234_567 + seed },
    networkUsage: { rxBytes: 9_876_543_210 + seed * 999, txBytes: 1_234_567_890 + seed * 777 },
    filesystemUsageGb: 3.123,
    filesystemFreeGb: 4.456,
    filesystemTotalGb: 7.8,
    minCpuPercent: 2.25,
    maxCpuPercent: 61.751,
    minMemoryMb: 280.125,
    maxMemoryMb: 390.875,
    cpuPerProcessPercent: 1.359,
    memoryPerProcessMb: 13.527,
    pressure: {
      cpuSomePercent: 0.35,
      memorySomePercent: 0,
      memoryFullPercent: 0,
      ioSomePercent: 0.12,
      ioFullPercent: 0.08,
    },
    memoryEvents: { high: 0, max: 0, oomKill: 0, innerMax: 0, innerOomKill: 0 },
  }
}
