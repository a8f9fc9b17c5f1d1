// The model: whole cycles on long histories against the real API on a pretend host, and the batch fetch.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { systemClock } from '@lxc-autoscale/core'
import { createHost, INSTANT } from '@lxc-autoscale/simulator'
import { HttpTransport } from '../../packages/model/dist/client/http-transport.js'
import { ScalingClient } from '../../packages/model/dist/client/scaling-client.js'
import { writeHistory } from './metrics-history.mjs'
import { median } from './statistics.mjs'

const CYCLES = [
  { containers: 200, entries: 1_000 },
  { containers: 1_000, entries: 1_000 },
]
/** Every fetch waits for nothing, whatever pct costs. */
const FETCH = { containers: 60, pctDelayMs: 100, times: 50 }
const INTERVAL_MS = 60_000
const MEASURED_CYCLES = 20
/** Refits are spread over many cycles: the first ones after a cold start have more of them than usual. */
const WARM_UP_CYCLES = 30

export async function run(report) {
  for (const { containers, entries } of CYCLES) {
    const measured = await runCycles({ containers, entries, warmUp: WARM_UP_CYCLES, cycles: MEASURED_CYCLES })
    reportCycles(report, `${containers}x${entries}`, containers, measured)
  }
  await inDirectory(directory => measureFetch(report, directory))
}

async function inDirectory(work) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-model-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What the model's process told of whole cycles on a history of so many entries. */
export function runCycles(size) {
  return inDirectory(directory => runCyclesIn(directory, size))
}

async function runCyclesIn(directory, { containers, entries, warmUp, cycles, intervalMs = INTERVAL_MS }) {
  const path = join(directory, 'lxc_metrics.json')
  const firstMs = Date.now() - entries * intervalMs
  writeHistory(path, { containers, entries, intervalMs, firstMs })
  const api = await startApi(directory, { containers, pctDelayMs: 0 })
  try {
    const input = {
      path,
      apiUrl: api.url,
      directory: join(directory, 'state'),
      containers,
      entries,
      intervalMs,
      firstMs,
      warmUp,
      cycles,
    }
    const measured = await runChild(input)
    // Again, with what that one has saved.
    return { ...measured, ...(await runChild({ ...input, warmAt: measured.skewMs })) }
  } finally {
    await api.stop()
  }
}

async function runChild(input) {
  // The settings of the unit of the daemon.
  const words = ['--max-semi-space-size=4', join(import.meta.dirname, 'model-child.mjs'), JSON.stringify(input)]
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 1 << 24 })
  return JSON.parse(stdout)
}

function reportCycles(report, subject, containers, measured) {
  const row = (metric, value, unit) => report({ bench: 'model', case: subject, metric, value, unit })
  row('cold_start_ms', measured.coldStartMs, 'ms')
  row('warm_start_ms', measured.warmStartMs, 'ms')
  row('cycle_ms', median(measured.wallMs), 'ms')
  row('cycle_max_ms', Math.max(...measured.wallMs), 'ms')
  row('decide_us', (median(measured.decideMs) * 1_000) / containers, 'us')
  row('save_ms', measured.saveMs, 'ms')
  row('save_cycle_ratio', Math.max(...measured.savingMs) / median(measured.wallMs), 'ratio')
  row('rss_mb', measured.rssMb, 'MB')
  row('rss_peak_mb', measured.peakRssMb, 'MB')
  for (const [stage, seconds] of Object.entries(measured.stages)) row(`stage_${stage}_ms`, seconds * 1_000, 'ms')
}

async function measureFetch(report, directory) {
  const api = await startApi(directory, FETCH)
  const transport = new HttpTransport({ url: api.url, apiKey: () => undefined, timeoutMs: 30_000, maxConnections: 10 })
  const client = new ScalingClient({
    transport,
    clock: systemClock,
    random: Math.random,
    retry: { maxRetries: 0, delayMs: 1_000 },
    breaker: { isEnabled: true, failureThreshold: 5, timeoutMs: 300_000 },
    maxConcurrent: 10,
  })
  const tookMs = []
  for (let time = 0; time < FETCH.times; time++) {
    const startMs = performance.now()
    const { configs } = await client.fetchConfigs(new AbortController().signal)
    tookMs.push(performance.now() - startMs)
    if (configs.size !== FETCH.containers) throw new Error(`fetched ${configs.size} containers`)
  }
  await transport.close()
  await api.stop()
  const subject = String(FETCH.containers)
  report({ bench: 'model', case: subject, metric: 'batch_fetch_ms', value: median(tookMs), unit: 'ms' })
}

/** The real API as a process of its own, on a pretend host. */
async function startApi(directory, { containers, pctDelayMs }) {
  // The files of a kernel are in memory.
  const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-model-'))
  const host = await createHost({
    root: join(memory, 'host'),
    hostCores: 64,
    hostMemoryMb: containers * 2_048,
    containers: Array.from({ length: containers }, (_, index) => ({
      vmid: 101 + index,
      shape: 'idle',
      cores: 2,
      memoryMb: 1_024,
    })),
    settings: { ...INSTANT, pctDelayMs },
  })
  const config = join(directory, 'api.yaml')
  const settings = {
    server: { port: 0 },
    authentication: { enabled: false },
    state: { directory: join(directory, 'api-state') },
    health: { metrics_file: '', model_lock_file: '', model_status_file: '' },
    logging: { log_file: '' },
    host: { proc: host.paths.proc, cgroup: host.paths.cgroup, pve: host.paths.pve, rrd: host.paths.rrd },
  }
  writeFileSync(config, JSON.stringify(settings))
  const bin = join(import.meta.dirname, '..', '..', 'packages', 'api', 'bin', 'lxc-autoscale-api.mjs')
  const daemon = spawn(process.execPath, [bin, '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${host.paths.bin}:${process.env.PATH}` },
  })
  const ended = new Promise(resolve => daemon.on('close', resolve))
  const port = await new Promise((resolve, reject) => {
    let said = ''
    daemon.stdout.on('data', part => {
      said += part
      const [, found] = /listening.*port=(\d+)/.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
    daemon.on('close', code => reject(new Error(`the API ended with ${code}: ${said}`)))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      daemon.kill('SIGTERM')
      await ended
      rmSync(memory, { recursive: true, force: true })
    },
  }
}
