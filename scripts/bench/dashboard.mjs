// The dashboard in Chromium on the built API, whose metrics file this writes: first paint, bytes, memory, scrolling, and what open
// pages cost. The page sees 60 cycles of the monitor, one a second, the fastest that the API looks; LXC_AUTOSCALE_BENCH_CYCLES=180
// are those of half an hour.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHost, INSTANT } from '@lxc-autoscale/simulator'
import { chromium } from 'playwright-core'
import { appendCycle, writeHistory } from './metrics-history.mjs'
import { cpuMs } from './process-figures.mjs'
import { median } from './statistics.mjs'

export const KEY = 'bench-key-0001'
const CHROMIUM = '/usr/bin/chromium'
const FEW = 200
const MANY = 1_000
const PAGES = 50
const LOADS = 5
const REQUESTS = 20
const SCROLL_MS = 3_000
/** As a wheel turned fast. */
const SCROLL_PX_PER_MS = 4
/** Of the monitor, unless it is told otherwise. */
const INTERVAL_MS = 10_000
const STREAM_MS = 60_000
const FASTEST_MS = 1_000
const CYCLES = Number(process.env.LXC_AUTOSCALE_BENCH_CYCLES ?? 60)
const PAST_CYCLES = 360
const BYTES_PER_MB = 1_048_576

export async function run(report) {
  if (!existsSync(CHROMIUM)) throw new Error(`the bench dashboard needs ${CHROMIUM}`)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  try {
    await withHost({ containers: FEW, entries: PAST_CYCLES }, async host => {
      const measured = reporter(report, FEW)
      await measureLoads(browser, host, measured)
      await measureUpdates(browser, host, measured)
      await measureOpenPages(host, measured)
    })
    await withHost({ containers: MANY, entries: PAST_CYCLES }, async host => {
      const measured = reporter(report, MANY)
      await measureOverview(host, measured)
      await measureScrolling(browser, host, measured)
    })
  } finally {
    await browser.close()
  }
}

function reporter(report, containers) {
  return (metric, value, unit) => report({ bench: 'dashboard', case: containers, metric, value, unit })
}

/** An API on a host of so many containers, with so many cycles of samples. */
export async function withHost({ containers, entries }, measure) {
  // The files of a kernel are in memory.
  const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'lxc-autoscale-bench-'))
  try {
    const shape = { shape: 'idle', cores: 2, memoryMb: 1_024 }
    const { paths } = await createHost({
      root: join(memory, 'host'),
      hostCores: 64,
      hostMemoryMb: 2_048 * containers,
      containers: Array.from({ length: containers }, (_, at) => ({
        vmid: 101 + at,
        hostname: `service-${at}`,
        ...shape,
      })),
      settings: INSTANT,
    })
    const metricsFile = join(memory, 'metrics.json')
    const firstMs = Date.now() - entries * INTERVAL_MS
    writeHistory(metricsFile, { containers, entries, intervalMs: INTERVAL_MS, firstMs })
    const { daemon, url } = await startApi({ memory, paths, metricsFile })
    try {
      return await measure({ containers, metricsFile, pid: daemon.pid, url })
    } finally {
      daemon.kill('SIGTERM')
      await new Promise(resolve => daemon.once('close', resolve))
    }
  } finally {
    rmSync(memory, { recursive: true, force: true })
  }
}

async function startApi({ memory, paths: { proc, cgroup, pve, rrd, bin }, metricsFile }) {
  const file = join(memory, 'api.yaml')
  const config = {
    server: { port: 0 },
    authentication: { key_file: '', api_keys: [{ name: 'bench', key: KEY, role: 'admin' }] },
    state: { directory: join(memory, 'state') },
    logging: { log_file: '' },
    health: { metrics_file: metricsFile, model_lock_file: '', model_status_file: '' },
    host: { proc, cgroup, pve, rrd },
  }
  writeFileSync(file, JSON.stringify(config))
  const entry = join(import.meta.dirname, '..', '..', 'packages', 'api', 'bin', 'lxc-autoscale-api.mjs')
  const daemon = spawn(process.execPath, [entry, '--config', file], {
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  for await (const part of daemon.stdout) {
    said += part
    const [, port] = /listening host=\S+ port=(\d+)/.exec(said) ?? []
    if (port === undefined) continue
    const url = `http://127.0.0.1:${port}`
    daemon.stdout.resume()
    return { daemon, url }
  }
  throw new Error(`the API daemon ended:\n${said}`)
}

/** One cycle each `intervalMs`, `cycles` of them. */
async function writeCycles({ containers, metricsFile }, { cycles, intervalMs }) {
  for (let index = 0; index < cycles; index++) {
    appendCycle(metricsFile, { containers, timeMs: Date.now(), index: PAST_CYCLES + index })
    await sleep(intervalMs)
  }
}

async function openOverview(browser, { url, containers }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.addInitScript(key => sessionStorage.setItem('api-key', key), KEY)
  const page = await context.newPage()
  const devTools = await context.newCDPSession(page)
  await devTools.send('Network.enable')
  let bytes = 0
  devTools.on('Network.dataReceived', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  await page.goto(url)
  await page
    .getByText(`service-${Math.min(containers, 10) - 1}`, { exact: true })
    .first()
    .waitFor()
  return { page, context, devTools, bytes: () => bytes }
}

/** Each with an empty cache, as on a first visit. */
async function measureLoads(browser, host, report) {
  const paints = []
  const rows = []
  let kb = 0
  for (let load = 0; load < LOADS; load++) {
    const { page, context, bytes } = await openOverview(browser, host)
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
    rows.push(await page.evaluate(() => performance.now()))
    kb = bytes() / 1_024
    await context.close()
  }
  report('first_paint_ms', median(paints), 'ms')
  report('first_rows_ms', median(rows), 'ms')
  report('transferred_kb', kb, 'KB')
}

/** Heap and elements of a page that stays open, after its first cycles and after all of them. */
async function measureUpdates(browser, host, report) {
  const { context, devTools } = await openOverview(browser, host)
  await devTools.send('Performance.enable')
  const settled = async () => {
    await devTools.send('HeapProfiler.collectGarbage')
    const { metrics } = await devTools.send('Performance.getMetrics')
    const of = name => metrics.find(metric => metric.name === name).value
    return { heapMb: of('JSHeapUsedSize') / BYTES_PER_MB, nodes: of('Nodes') }
  }
  await writeCycles(host, { cycles: Math.ceil(CYCLES / 6), intervalMs: FASTEST_MS })
  const before = await settled()
  await writeCycles(host, { cycles: CYCLES, intervalMs: FASTEST_MS })
  const after = await settled()
  report('updates', CYCLES, '')
  report('heap_mb', after.heapMb, 'MB')
  report('heap_growth_mb', after.heapMb - before.heapMb, 'MB')
  report('nodes_growth', after.nodes - before.nodes, '')
  await context.close()
}

/** Of one core, without a page and with fifty, while the monitor measures at its usual pace. */
async function measureOpenPages(host, report) {
  const share = async () => {
    const [startedMs, startedCpuMs] = [performance.now(), cpuMs(host.pid)]
    await writeCycles(host, { cycles: STREAM_MS / INTERVAL_MS, intervalMs: INTERVAL_MS })
    return (100 * (cpuMs(host.pid) - startedCpuMs)) / (performance.now() - startedMs)
  }
  report('idle_cpu_percent', await share(), '%')
  const streams = await Promise.all(Array.from({ length: PAGES }, () => openStream(host.url)))
  await sleep(FASTEST_MS)
  report(`open_${PAGES}_cpu_percent`, await share(), '%')
  for (const stream of streams) stream.destroy()
}

function openStream(url) {
  return new Promise((resolve, reject) => {
    const headers = { 'x-api-key': KEY, accept: 'text/event-stream' }
    get(`${url}/events`, { headers }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`GET /events: status ${answer.statusCode}`))
      answer.on('error', () => undefined)
      resolve(answer.resume())
    }).on('error', reject)
  })
}

async function measureOverview({ url }, report) {
  const times = []
  for (let round = 0; round < REQUESTS; round++) {
    const startedMs = performance.now()
    const answer = await fetch(`${url}/overview`, { headers: { 'x-api-key': KEY } })
    if (!answer.ok) throw new Error(`GET /overview: status ${answer.status}`)
    times.push(performance.now() - startedMs)
    await answer.arrayBuffer()
  }
  report('overview_ms', median(times), 'ms')
}

/** Frames while the page scrolls. */
async function measureScrolling(browser, host, report) {
  const { page, context } = await openOverview(browser, host)
  const framesPerSecond = await page.evaluate(
    ([durationMs, pxPerMs]) =>
      new Promise(resolve => {
        const startedMs = performance.now()
        let frames = 0
        const step = () => {
          const goneMs = performance.now() - startedMs
          scrollTo(0, pxPerMs * goneMs)
          frames++
          if (goneMs < durationMs) requestAnimationFrame(step)
          else resolve((1_000 * frames) / goneMs)
        }
        requestAnimationFrame(step)
      }),
    [SCROLL_MS, SCROLL_PX_PER_MS],
  )
  report('scroll_frames_per_second', framesPerSecond, '1/s')
  await context.close()
}
