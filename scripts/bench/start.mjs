// npm run bench -- start: how long the installed programs take until they are of use, and what the three daemons take of memory when
// little happens. Bundled as in the package and with the options of the units, on this Node.js and on the one that the package carries.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHost, INSTANT } from '@lxc-autoscale/simulator'
import { bundlePrograms } from '../lib/bundle-programs.mjs'
import { nodeOfThisMachine } from '../package/carried-node.mjs'
import { PROGRAMS } from '../package/programs.mjs'
import { freePort, residentMb } from './process-figures.mjs'
import { median } from './statistics.mjs'
import { startOfUnit } from './unit-start.mjs'

const CONTAINERS = 60
const STARTS = 7
const RUNS = 15
/** What was made at the start has been collected by then. */
const IDLE_MS = 30_000
const KEY = 'bench-key-0001'
/** In the order in which they need each other. `unit` says how systemd starts them. */
const DAEMONS = {
  monitor: { program: 'lxc-monitor', unit: 'lxc_monitor' },
  api: { program: 'lxc-autoscale-api', unit: 'lxc_autoscale_api' },
  model: { program: 'lxc-autoscale-ml', unit: 'lxc_autoscale_ml' },
}

export async function run(report) {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-start-'))
  try {
    await bundlePrograms(folder)
    for (const [name, node] of Object.entries(runtimes())) {
      const row = (subject, metric, value, unit) =>
        report({ bench: 'start', case: `${subject}, Node.js ${name}`, metric, value, unit })
      const site = await makeSite(join(folder, name), { node, programs: folder })
      await measureDaemons(site, row)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** By version; the one that the package carries where the registry gives it. */
function runtimes() {
  const running = { [process.versions.node]: process.execPath }
  try {
    const { version, execPath } = nodeOfThisMachine()
    return { ...running, [version]: execPath }
  } catch (error) {
    console.error(`start: not measured on the carried Node.js: ${error.message}`)
    return running
  }
}

async function makeSite(directory, { node, programs }) {
  const { paths } = await createHost({
    root: join(directory, 'host'),
    containers: Array.from({ length: CONTAINERS }, (_, at) => ({
      vmid: 101 + at,
      shape: 'idle',
      cores: 2,
      memoryMb: 512,
    })),
    settings: INSTANT,
  })
  const site = { directory, node, programs, paths, config: join(directory, 'etc') }
  mkdirSync(site.config)
  const files = { metrics: join(directory, 'metrics.json'), lock: join(directory, 'model.lock') }
  const { proc, cgroup, pve, rrd } = paths
  const host = { proc, cgroup, pve }
  const write = (name, settings) => writeFileSync(join(site.config, `${name}.yaml`), JSON.stringify(settings))
  write('lxc_monitor', {
    monitoring: { export_file: files.metrics },
    logging: { log_file: '' },
    metrics: { port: await freePort() },
    host,
  })
  write('lxc_autoscale_api', {
    server: { port: 0 },
    authentication: { key_file: '', api_keys: [{ name: 'bench', key: KEY, role: 'admin' }] },
    state: { directory: join(directory, 'api') },
    logging: { log_file: '' },
    health: {
      metrics_file: files.metrics,
      model_lock_file: files.lock,
      model_status_file: join(directory, 'model', 'model-status.json'),
    },
    host: { ...host, rrd },
  })
  const metrics = { port: await freePort() }
  site.writeModel = port =>
    write('lxc_autoscale_ml', {
      interval_seconds: 10,
      data_file: files.metrics,
      lock_file: files.lock,
      log_file: '',
      metrics,
      state: { directory: join(directory, 'model') },
      api: { api_url: `http://127.0.0.1:${port}`, api_key_file: '', api_key: KEY },
      host,
    })
  return site
}

async function measureDaemons(site, row) {
  const running = {}
  try {
    for (const name of Object.keys(DAEMONS)) {
      const times = []
      for (let round = 0; round < STARTS; round++) {
        const daemon = await start(site, name)
        times.push(daemon.readyMs)
        if (round === STARTS - 1) running[name] = daemon
        else await daemon.stop()
      }
      row(name, 'ready_ms', median(times), 'ms')
      if (name === 'api') site.writeModel(running.api.port)
    }
    measureCommand(site, row)
    await sleep(IDLE_MS)
    const resident = Object.fromEntries(Object.entries(running).map(([name, { pid }]) => [name, residentMb(pid)]))
    for (const [name, megabytes] of Object.entries(resident)) row(name, 'idle_rss_mb', megabytes, 'MB')
    row(
      'three daemons',
      'idle_rss_mb',
      Object.values(resident).reduce((sum, each) => sum + each, 0),
      'MB',
    )
  } finally {
    await Promise.all(Object.values(running).map(({ stop }) => stop()))
  }
}

/** A daemon as its unit starts it, once it says that it is ready; `readyMs` from its start on. */
async function start({ node, programs, config, paths }, name) {
  const { program, unit } = DAEMONS[name]
  const { flags, environment } = startOfUnit(unit)
  const words = [...flags, join(programs, `${program}.mjs`), '--config', join(config, `${unit}.yaml`)]
  const startedMs = performance.now()
  const daemon = spawn(node, words, {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: {
      ...process.env,
      ...environment,
      PATH: `${paths.bin}:${process.env.PATH}`,
      LXC_AUTOSCALE_NOTIFY_FD: '3',
    },
  })
  let said = ''
  daemon.stdout.on('data', part => {
    if (said.length < 100_000) said += part
  })
  const ended = new Promise(resolve => daemon.once('close', resolve))
  await new Promise((resolve, reject) => {
    daemon.stdio[3].on('data', part => String(part).includes('READY=1') && resolve())
    void ended.then(code => reject(new Error(`${name} ended with ${code}: ${said}`)))
  })
  const readyMs = performance.now() - startedMs
  const stop = () => {
    daemon.kill('SIGTERM')
    return ended
  }
  return { pid: daemon.pid, readyMs, stop, port: /listening.*port=(\d+)/.exec(said)?.[1] }
}

/** How much longer the command takes than a program that does nothing; both in turns, as the machine does other things too. */
function measureCommand({ node, programs, config }, row) {
  const { options } = PROGRAMS.find(({ command }) => command === 'lxc-autoscale')
  const command = [...options, join(programs, 'lxc-autoscale.mjs')]
  const cases = {
    nothing: ['-e', '0'],
    '--version': [...command, '--version'],
    status: [...command, 'status', '--config-dir', config],
  }
  const times = Object.fromEntries(Object.keys(cases).map(name => [name, []]))
  for (let round = 0; round < RUNS; round++) {
    for (const [word, words] of Object.entries(cases)) {
      const startedMs = performance.now()
      const { status, stderr } = spawnSync(node, words, { encoding: 'utf8' })
      times[word].push(performance.now() - startedMs)
      if (status !== 0) throw new Error(`${word} ended with ${status}: ${stderr}`)
    }
  }
  for (const word of ['--version', 'status']) {
    row(word, 'above_node_ms', median(times[word]) - median(times.nothing), 'ms')
  }
}
