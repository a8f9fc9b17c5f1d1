// npm run bench -- scale: what the monitor, the model, the API and the dashboard's data cost at 1 to 4,000 containers, and how each
// figure grows with them.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { KEY, withHost } from './dashboard.mjs'
import { runCycles } from './model.mjs'
import { allowOpenFiles, bundleChild, runChild, warmUpCycles } from './monitor.mjs'
import { makePretendTree } from './pretend-tree.mjs'
import { cpuMs, residentMb } from './process-figures.mjs'
import { SCALE_FIGURES, SIZES, slopeOf } from './scale-figures.mjs'
import { median } from './statistics.mjs'

const MONITOR_CYCLES = 30
/**
 * Entries of the model's history: few, so that the largest run ends, and far apart, so that they are more than
 * the 12 hours in which it would ask for what Proxmox has kept.
 */
const HISTORY = { entries: 80, intervalMs: 600_000, warmUp: 4, cycles: 9 }
/** Samples of each container in the API's metrics file. */
const API_ENTRIES = 30
/** The time of a process is told in hundredths of a second: an answer is asked for until it has become many of them. */
const ASKING = { leastTimes: 10, leastMs: 1_000 }
/** A stream has said all that there is when it is silent for so long. */
const SILENT_MS = 1_000

export async function run(report) {
  allowOpenFiles()
  const measured = new Map()
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-scale-'))
  try {
    const child = await bundleChild(folder)
    for (const containers of SIZES) {
      const figures = {
        ...measureMonitor(containers, folder, child),
        ...(await measureModel(containers)),
        ...(await withHost({ containers, entries: API_ENTRIES }, measureApi)),
      }
      measured.set(containers, figures)
      for (const { metric, unit } of SCALE_FIGURES)
        report({ bench: 'scale', case: String(containers), metric, value: figures[metric], unit })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const { metric } of SCALE_FIGURES) {
    const points = SIZES.map(containers => [containers, measured.get(containers)[metric]])
    report({ bench: 'scale', case: 'slope', metric, value: slopeOf(points), unit: '' })
  }
}

function measureMonitor(containers, folder, child) {
  const root = join(folder, `host-${containers}`)
  const exportFile = join(root, 'metrics.json')
  const host = makePretendTree(root, containers)
  const found = runChild(child, { host, exportFile, cycles: MONITOR_CYCLES, warmUp: warmUpCycles(containers) })
  const kept = Math.min(MONITOR_CYCLES + warmUpCycles(containers), 200)
  const fileBytes = statSync(exportFile).size
  rmSync(root, { recursive: true })
  return {
    monitor_ms: median(found.wallMs),
    monitor_cpu_ms: median(found.cpuMs),
    monitor_rss_mb: found.rssMb.at(-1),
    metrics_file_kb: fileBytes / kept / 1_024,
  }
}

async function measureModel(containers) {
  const found = await runCycles({ containers, ...HISTORY })
  return {
    model_ms: median(found.wallMs),
    model_cpu_ms: median(found.cpuMs),
    model_rss_mb: found.rssMb,
    model_state_kb: found.stateBytes / 1_024,
  }
}

async function measureApi({ url, pid }) {
  const configs = await ask(`${url}/resource/lxc/configs`, pid)
  const overview = await ask(`${url}/overview`, pid)
  return {
    configs_ms: configs.ms,
    configs_cpu_ms: configs.cpuMs,
    overview_ms: overview.ms,
    overview_cpu_ms: overview.cpuMs,
    api_rss_mb: overview.rssMb,
    overview_kb: overview.bytes / 1_024,
    stream_kb: (await streamBytes(url)) / 1_024,
  }
}

/** One after the other, as a browser asks; the first answers, for which the engine compiles, do not count. */
async function ask(url, pid) {
  for (let time = 0; time < ASKING.leastTimes; time++) await bytesOf(url)
  const times = []
  const [startMs, startCpuMs] = [performance.now(), cpuMs(pid)]
  let bytes = 0
  while (times.length < ASKING.leastTimes || performance.now() - startMs < ASKING.leastMs) {
    const askedMs = performance.now()
    bytes = await bytesOf(url)
    times.push(performance.now() - askedMs)
  }
  return { ms: median(times), cpuMs: (cpuMs(pid) - startCpuMs) / times.length, bytes, rssMb: residentMb(pid) }
}

function bytesOf(url) {
  return new Promise((resolve, reject) => {
    let bytes = 0
    receive(url, {}, answer => {
      answer.on('data', part => {
        bytes += part.length
      })
      answer.on('end', () => resolve(bytes))
    }).on('error', reject)
  })
}

/** What a page that opens gets: the overview, compressed, as the first event of the stream that it stays on. */
function streamBytes(url) {
  return new Promise((resolve, reject) => {
    let bytes = 0
    receive(`${url}/events`, { accept: 'text/event-stream', 'accept-encoding': 'gzip' }, answer => {
      const silence = setTimeout(() => {
        answer.destroy()
        resolve(bytes)
      }, SILENT_MS)
      answer.on('data', part => {
        bytes += part.length
        silence.refresh()
      })
      answer.on('error', () => undefined)
    }).on('error', reject)
  })
}

function receive(url, headers, take) {
  const request = get(url, { headers: { 'x-api-key': KEY, ...headers } }, answer => {
    if (answer.statusCode === 200) take(answer)
    else request.destroy(new Error(`GET ${url}: status ${answer.statusCode}`))
  })
  return request
}
