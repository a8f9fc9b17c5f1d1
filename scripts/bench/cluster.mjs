// npm run bench -- cluster: what a cycle costs on a node with its containers alone, beside the same node in a large cluster: the
// three built daemons of both run at the same time, so that what else the machine does weighs on both alike.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost, INSTANT } from '@lxc-autoscale/simulator'
import { cpuMs } from './process-figures.mjs'

const OWN = 60
const NODES = 100
const CONTAINERS = 10_000
const HA_MANAGED = 500
/** The daemons look each second, and Proxmox tells something new before each look: once in ten seconds on a real cluster. */
const INTERVAL_SECONDS = 1
const NEWS_MS = 1_000
const WARM_UP_MS = 20_000
const MEASURED_MS = 40_000
const READS = 20
const KEY = 'bench-key-0001'
const DAEMONS = {
  monitor: { bin: 'monitor/bin/lxc-monitor.mjs', file: 'lxc_monitor.yaml' },
  api: { bin: 'api/bin/lxc-autoscale-api.mjs', file: 'lxc_autoscale_api.yaml' },
  model: { bin: 'model/bin/lxc-autoscale-ml.mjs', file: 'lxc_autoscale_ml.yaml' },
}
const packages = join(import.meta.dirname, '..', '..', 'packages')

export async function run(report) {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-cluster-'))
  const sites = []
  let news
  try {
    sites.push(await startSite(folder, 'alone', 1), await startSite(folder, 'cluster', NODES))
    const [alone, cluster] = sites
    news = setInterval(() => tell(cluster), NEWS_MS)
    await sleep(WARM_UP_MS)
    const before = sites.map(look)
    await sleep(MEASURED_MS)
    const after = sites.map(look)
    const costs = sites.map((_, at) => costOf(before[at], after[at]))
    reportCosts(report, costs)
    for (const [subject, site] of [
      [String(OWN), alone],
      [String(CONTAINERS), cluster],
    ]) {
      const { firstMs, medianMs, bytes } = await readAll(site)
      const row = (metric, value, unit) => report({ bench: 'cluster', case: subject, metric, value, unit })
      row('cluster_containers_first_ms', firstMs, 'ms')
      row('cluster_containers_ms', medianMs, 'ms')
      row('cluster_containers_kb', bytes / 1_024, 'kB')
    }
  } finally {
    clearInterval(news)
    await Promise.all(sites.map(({ stop }) => stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

function reportCosts(report, [alone, cluster]) {
  for (const name of [...Object.keys(DAEMONS), 'all']) {
    const row = (subject, metric, value, unit) => report({ bench: 'cluster', case: subject, metric, value, unit })
    row(`${name}, alone`, 'cycle_cpu_ms', alone[name], 'ms')
    row(`${name}, ${NODES} nodes`, 'cycle_cpu_ms', cluster[name], 'ms')
    row(name, 'ratio', cluster[name] / alone[name], '')
  }
}

/** A node with its daemons; `nodes` in its cluster. */
async function startSite(folder, name, nodes) {
  const directory = join(folder, name)
  const { paths } = await createHost({
    root: join(directory, 'host'),
    node: nodeName(0),
    hostCores: 64,
    hostMemoryMb: OWN * 2_048,
    containers: Array.from({ length: OWN }, (_, at) => ({ vmid: 100 + at, shape: 'idle', cores: 2, memoryMb: 1_024 })),
    settings: { ...INSTANT, nodes: Array.from({ length: nodes }, (_, at) => nodeName(at)) },
  })
  const site = { name, paths, nodes, version: 1, daemons: {}, metricsFile: join(directory, 'metrics.json'), directory }
  tell(site)
  mkdirSync(join(directory, 'etc'))
  const { port: apiPort } = await start(site, 'api', apiSettings(site))
  await start(site, 'monitor', monitorSettings(site))
  await start(site, 'model', modelSettings(site, apiPort))
  const stop = () => Promise.all(Object.values(site.daemons).map(({ stop: end }) => end()))
  return { ...site, apiPort, stop }
}

function start(site, name, settings) {
  const { bin, file } = DAEMONS[name]
  const config = join(site.directory, 'etc', file)
  const { proc, cgroup, pve } = site.paths
  writeFileSync(config, JSON.stringify({ ...settings, host: { proc, cgroup, pve, ...settings.host } }))
  const daemon = spawn(process.execPath, [join(packages, bin), '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${site.paths.bin}:${process.env.PATH}`, NODE_ENV: 'production' },
  })
  const ended = new Promise(resolve => daemon.on('close', resolve))
  const stop = () => {
    daemon.kill('SIGTERM')
    return ended
  }
  site.daemons[name] = { pid: daemon.pid, stop }
  return new Promise((resolve, reject) => {
    let said = ''
    daemon.stdout.on('data', part => {
      if (said.length < 100_000) said += part
      const [, port] = /listening.*port=(\d+)/.exec(said) ?? []
      if (name !== 'api' || port !== undefined) resolve({ port })
    })
    daemon.on('close', code => reject(new Error(`${name} ended with ${code}: ${said}`)))
  })
}

function monitorSettings({ metricsFile }) {
  return {
    monitoring: { export_file: metricsFile, check_interval: INTERVAL_SECONDS, max_metrics_entries: 200 },
    logging: { log_file: '' },
    metrics: { port: 0 },
  }
}

function apiSettings({ directory, metricsFile, paths }) {
  return {
    server: { port: 0 },
    authentication: { key_file: '', api_keys: [{ name: 'bench', key: KEY, role: 'admin' }] },
    state: { directory: join(directory, 'state') },
    health: { metrics_file: metricsFile, model_lock_file: '', model_status_file: '' },
    logging: { log_file: '' },
    host: { rrd: paths.rrd },
  }
}

function modelSettings({ directory, metricsFile }, port) {
  return {
    interval_seconds: INTERVAL_SECONDS,
    data_file: metricsFile,
    lock_file: join(directory, 'model.lock'),
    log_file: '',
    metrics: { port: 0 },
    state: { directory: join(directory, 'state') },
    api: { api_url: `http://127.0.0.1:${port}`, api_key_file: '', api_key: KEY },
    // Every container decides, none is changed: what is measured is the cycle and not pct.
    scaling: { dry_run: true },
  }
}

/** CPU time and cycles of a site until now. */
function look({ daemons, directory }) {
  const used = Object.fromEntries(Object.entries(daemons).map(([name, { pid }]) => [name, cpuMs(pid)]))
  const { cycle } = JSON.parse(readFileSync(join(directory, 'state', 'model-status.json'), 'utf8'))
  return { cpuMs: used, cycles: cycle.number }
}

/** Of one cycle: each daemon, and all of them. */
function costOf(before, after) {
  const cycles = after.cycles - before.cycles
  const names = Object.keys(DAEMONS)
  const costs = Object.fromEntries(names.map(name => [name, (after.cpuMs[name] - before.cpuMs[name]) / cycles]))
  return { ...costs, all: names.reduce((sum, name) => sum + costs[name], 0) }
}

/** What Proxmox tells all nodes: where each guest is, and the figures of each. */
function tell(site) {
  if (site.nodes === 1) return
  const version = ++site.version
  const ids = Array.from({ length: CONTAINERS }, (_, at) => {
    const [vmid, node] = [100 + at, nodeName(at < OWN ? 0 : 1 + (at % (site.nodes - 1)))]
    return `"${vmid}": { "node": "${node}", "type": "lxc", "version": ${at === version ? version : 1} }`
  })
  const nowSeconds = Math.trunc(Date.now() / 1_000)
  const guests = Array.from(
    { length: CONTAINERS },
    (_, at) =>
      `pve-vm-9.0/${100 + at}:86400:ct${at}:running:0:${nowSeconds}:2:0.0${version % 10}:1073741824:541294592:8589934592:2490000998:5146089:12326623:26311243:3473502:U:0.44:0.00:0.67:0.47:0.00:0.00\n`,
  )
  const nodes = Array.from(
    { length: site.nodes },
    (_, at) =>
      `pve-node-9.0/${nodeName(at)}:86400::${nowSeconds}:0.23:64:0.18:0:137438953472:2428965888:8589934592:0:270553174016:24900009984:6386931:16351988:31930772480:0:0:0:0:0:0\n`,
  )
  replace(site, '.vmlist', `{\n"version": ${version},\n"ids": {\n${ids.join(',\n')}}\n\n}\n`)
  replace(site, '.rrd', `${guests.join('')}${nodes.join('')}\0`)
  const managed = Array.from({ length: HA_MANAGED }, (_, at) => 100 + at * (CONTAINERS / HA_MANAGED))
  replace(site, 'ha/resources.cfg', managed.map(vmid => `ct: ${vmid}\n\tstate started\n`).join('\n'))
  const services = managed.map(vmid => [
    `ct:${vmid}`,
    { node: nodeName(1), state: 'started', running: 1, uid: `u${vmid}` },
  ])
  const status = { master_node: nodeName(1), node_status: {}, service_status: Object.fromEntries(services) }
  replace(site, 'ha/manager_status', JSON.stringify({ ...status, timestamp: nowSeconds }))
}

function replace({ paths }, name, text) {
  const path = join(paths.pve, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(`${path}.tmp`, text)
  renameSync(`${path}.tmp`, path)
}

/** How long the list of all containers takes, the first time and when nothing is new. */
async function readAll({ apiPort }) {
  const tookMs = []
  let bytes = 0
  for (let read = 0; read <= READS; read++) {
    const startMs = performance.now()
    const answer = await fetch(`http://127.0.0.1:${apiPort}/resource/cluster/containers`, {
      headers: { 'x-api-key': KEY },
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`/resource/cluster/containers: ${answer.status} ${text}`)
    bytes = text.length
    tookMs.push(performance.now() - startMs)
  }
  const [firstMs, ...others] = tookMs
  return { firstMs, medianMs: others.toSorted((a, b) => a - b)[others.length >> 1], bytes }
}

function nodeName(at) {
  return `node${at}`
}

function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
