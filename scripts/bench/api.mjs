// The built API daemon on a pretend host whose commands cost nothing: requests per second, latency, memory, start and stop; and
// beside it what node:http alone does for answers of the same size.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost, INSTANT } from '@lxc-autoscale/simulator'
import { cpuMs, freePort, residentMb } from './process-figures.mjs'
import { median } from './statistics.mjs'

const KEY = 'bench-key-0001'
const CONTAINERS = 200
const SECONDS = 2
const TURNS = 3
/** The least connections at which the predecessor's figures were taken, and those of the bound on the slowest answer. */
const FEW = 8
const MANY = 200
const IDLE_MS = 20_000
const SILENT = 10_000
/** Containers whose past is read. */
const PASTS = 50

export async function run(report) {
  const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-bench-'))
  // The files of a kernel are in memory.
  const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'lxc-autoscale-bench-'))
  try {
    const host = await createHost({
      root: join(memory, 'host'),
      containers: Array.from({ length: CONTAINERS }, (_, at) => ({
        vmid: 101 + at,
        shape: 'idle',
        cores: 2,
        memoryMb: 512,
      })),
      settings: INSTANT,
    })
    await givePast(host, directory)
    await measure(host, directory, (subject, metric, value, unit) =>
      report({ bench: 'api', case: subject, metric, value, unit }),
    )
  } finally {
    for (const path of [directory, memory]) rmSync(path, { recursive: true, force: true })
  }
}

async function measure(host, directory, report) {
  const port = await freePort()
  const { proc, cgroup, pve, rrd, bin } = host.paths
  const config = {
    server: { port },
    authentication: { key_file: '', api_keys: [{ name: 'bench', key: KEY, role: 'read' }] },
    state: { directory: join(directory, 'state') },
    logging: { log_file: '' },
    health: { metrics_file: '', model_lock_file: '', model_status_file: '' },
    host: { proc, cgroup, pve, rrd },
  }
  const file = join(directory, 'api.yaml')
  writeFileSync(file, JSON.stringify(config))
  const starts = []
  const stops = []
  for (let round = 0; round < 5; round++) {
    const { daemon, startMs } = await start(file, port, bin)
    starts.push(startMs)
    stops.push(await stop(daemon))
  }
  report('daemon', 'start_ms', median(starts), 'ms')
  report('daemon', 'stop_ms', median(stops), 'ms')
  report('pretend pct', 'start_ms', median(Array.from({ length: 10 }, () => pctMs(bin))), 'ms')
  const { daemon } = await start(file, port, bin)
  try {
    await fetch(`http://127.0.0.1:${port}/health/check`)
    await new Promise(resolve => setTimeout(resolve, IDLE_MS))
    report('daemon', 'rss_mb', residentMb(daemon.pid), 'MB')
    await measurePasts(port, daemon.pid, report)
    for (const path of ['/health/check', '/resource/lxc/config?lxc_id=101']) await besideBare(port, path, report)
    for (const path of ['/routes', '/resource/lxc/configs']) {
      const [route] = path.split('?')
      const few = await load(port, path, FEW)
      report(route, 'requests_per_second', few.requestsPerSecond, '1/s')
      const many = await load(port, path, MANY)
      report(route, 'p99_ms', many.p99Ms, 'ms')
      if (route === '/resource/lxc/configs') report(route, 'read_200_ms', await oneRead(port, path), 'ms')
    }
    report('daemon', 'rss_loaded_mb', residentMb(daemon.pid), 'MB')
    report('wrong key', 'gap_percent', await wrongKeyGap(port), '%')
    report('silent connections', 'answer_ms', await answerUnderSilence(port), 'ms')
  } finally {
    await stop(daemon)
  }
}

/** A route and the bare server in turns, so that both have the same machine. */
async function besideBare(port, path, report) {
  const [route] = path.split('?')
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-api-key': KEY } })
  const bare = await startBare((await answer.arrayBuffer()).byteLength)
  try {
    const few = await inTurns([port, bare.port], path, FEW)
    report(route, 'requests_per_second', few[0].requestsPerSecond, '1/s')
    report(route, 'share_of_bare', (100 * few[0].requestsPerSecond) / few[1].requestsPerSecond, '%')
    const many = await inTurns([port, bare.port], path, MANY)
    report(route, 'p99_ms', many[0].p99Ms, 'ms')
    report(route, 'p99_ratio', many[0].p99Ms / many[1].p99Ms, 'x')
  } finally {
    await stop(bare.child)
  }
}

/** The medians of each server. */
async function inTurns(ports, path, connections) {
  const rounds = []
  for (let round = 0; round < TURNS; round++) {
    const results = []
    for (const port of ports) results.push(await load(port, path, connections))
    rounds.push(results)
  }
  return ports.map((_, at) => ({
    requestsPerSecond: median(rounds.map(results => results[at].requestsPerSecond)),
    p99Ms: median(rounds.map(results => results[at].p99Ms)),
  }))
}

async function startBare(bytes) {
  const words = [join(import.meta.dirname, 'bare-server.mjs'), String(bytes)]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data')
  return { child, port: Number(port) }
}

/** The same 30 days for each container. */
async function givePast(host, directory) {
  const containers = [{ vmid: 101, shape: 'diurnal', cores: 2, memoryMb: 512 }]
  const { paths } = await createHost({ root: join(directory, 'past'), containers, settings: INSTANT, pastDays: 30 })
  const folder = join(host.paths.rrd, 'pve-vm-9.0')
  mkdirSync(folder, { recursive: true })
  for (let at = 0; at < PASTS; at++) symlinkSync(join(paths.rrd, 'pve-vm-9.0', '101'), join(folder, String(101 + at)))
}

/** Asks for one past after the other, as fast as they are given; without what the daemon uses all the same. */
async function measurePasts(port, pid, report) {
  const idleCpuMs = cpuMs(pid)
  await new Promise(resolve => setTimeout(resolve, IDLE_MS))
  const idleShare = (cpuMs(pid) - idleCpuMs) / IDLE_MS
  const begin = { ms: performance.now(), cpuMs: cpuMs(pid) }
  for (let at = 0; at < PASTS; at++) {
    const answer = await fetch(`http://127.0.0.1:${port}/past?lxc_id=${101 + at}`, { headers: { 'x-api-key': KEY } })
    if (!answer.ok) throw new Error(`/past: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  const elapsedMs = performance.now() - begin.ms
  const usedMs = cpuMs(pid) - begin.cpuMs - idleShare * elapsedMs
  report('/past', 'cpu_ms', usedMs / PASTS, 'ms')
  report('/past', 'cpu_percent', (100 * usedMs) / elapsedMs, '%')
  report('/past', 'read_200_seconds', (elapsedMs / PASTS) * 0.2, 's')
}

async function start(file, port, bin) {
  const startedMs = performance.now()
  const entry = join(import.meta.dirname, '..', '..', 'packages', 'api', 'bin', 'lxc-autoscale-api.mjs')
  const daemon = spawn(process.execPath, [entry, '--config', file], {
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    stdio: 'ignore',
  })
  const headers = { 'x-api-key': KEY }
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/routes`, { headers }).catch(() => undefined)
    if (answer?.ok) return { daemon, startMs: performance.now() - startedMs }
    if (daemon.exitCode !== null) throw new Error(`the API daemon ended with ${daemon.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** Gives how long it took. */
function stop(daemon) {
  const startedMs = performance.now()
  return new Promise(resolve => {
    daemon.once('close', () => resolve(performance.now() - startedMs))
    daemon.kill('SIGTERM')
  })
}

/** What one call of a pretend command costs in time before it does anything. */
function pctMs(bin) {
  const startedMs = performance.now()
  spawnSync(join(bin, 'pct'), ['status', '101'])
  return performance.now() - startedMs
}

/** How much longer a wrong key takes that is right but for its last character, against one that is wrong throughout. */
async function wrongKeyGap(port) {
  const near = `${KEY.slice(0, -1)}X`
  const far = 'X'.repeat(KEY.length)
  const times = { [near]: [], [far]: [] }
  for (let round = 0; round < 400; round++) {
    for (const key of [near, far]) {
      const startedMs = performance.now()
      await (await fetch(`http://127.0.0.1:${port}/routes`, { headers: { 'x-api-key': key } })).arrayBuffer()
      times[key].push(performance.now() - startedMs)
    }
  }
  return 100 * (median(times[near]) / median(times[far]) - 1)
}

/** wrk where it is installed (it costs less of the two cores), else autocannon. */
async function load(port, path, connections) {
  const url = `http://127.0.0.1:${port}${path}`
  if (spawnSync('wrk', ['--version']).error === undefined) return loadWithWrk(url, connections)
  const { default: autocannon } = await import('autocannon')
  const result = await autocannon({ url, connections, duration: SECONDS, headers: { 'x-api-key': KEY } })
  if (result.non2xx > 0) throw new Error(`${path}: ${result.non2xx} answers were not 2xx`)
  return { requestsPerSecond: result.requests.average, p99Ms: result.latency.p99 }
}

function loadWithWrk(url, connections) {
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${SECONDS}s`, '--latency', '-H', `X-API-Key: ${KEY}`, url])
  let text = ''
  child.stdout.on('data', part => {
    text += part
  })
  return new Promise((resolve, reject) => {
    child.on('close', () => {
      const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(text) ?? []
      const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? []
      if (rate === undefined || p99 === undefined || text.includes('Non-2xx')) reject(new Error(`wrk ${url}:\n${text}`))
      else resolve({ requestsPerSecond: Number(rate), p99Ms: Number(p99) * { us: 0.001, ms: 1, s: 1_000 }[unit] })
    })
  })
}

/** One request for all containers, on a quiet server; median of 20. */
async function oneRead(port, path) {
  const times = []
  for (let round = 0; round < 20; round++) {
    const startedMs = performance.now()
    await (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-api-key': KEY } })).arrayBuffer()
    times.push(performance.now() - startedMs)
  }
  return median(times)
}

/** How long an answer takes while connections are opened and left silent; the slowest of 20. */
async function answerUnderSilence(port) {
  const sockets = []
  let slowest = 0
  for (let opened = 0; opened < SILENT; opened += 500) {
    sockets.push(...(await Promise.all(Array.from({ length: 500 }, () => silent(port)))))
    const startedMs = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/health/check`, { headers: { connection: 'close' } })
    await answer.arrayBuffer()
    slowest = Math.max(slowest, performance.now() - startedMs)
  }
  for (const socket of sockets) socket.destroy()
  return slowest
}

function silent(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => resolve(socket))
  })
}
