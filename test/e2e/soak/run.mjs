import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Checklist } from '../lxc/checklist.mjs'
import { Daemon } from '../lxc/daemon.mjs'
import { apiConfig, modelConfig, monitorConfig } from '../lxc/daemon-configs.mjs'
import { curvesSvg } from '../recording/curves-svg.mjs'
import { ProcessRecorder } from '../recording/process-recorder.mjs'
import { secondHalf } from '../recording/trend.mjs'

/**
 * What the daemons use over a long time on a pretend host, and whether it stays flat:
 * npm run prove:soak -- [--run CONTAINERSxSPEEDxMINUTES]... [--port P] [--json FILE] [--svg FILE]
 * SPEED is that of the workloads; the daemons go by the real clock.
 */
const SIMULATOR = new URL('../../../packages/simulator/bin/lxc-simulator.mjs', import.meta.url).pathname
const CHECK_SECONDS = 2
const DECIDE_SECONDS = 10
const RECORD_INTERVAL_MS = 5_000
const MS_PER_MINUTE = 60_000
/** In shorter ones the changes of the beginning, which cost the most, reach into the second half. */
const SHORTEST_FOR_CPU_MINUTES = 10
/** The rise over the second half of a run that still counts as flat: a share of the level, and so much beside it. */
const FLAT = {
  cpuPercent: { share: 0.25, beside: 2, name: 'CPU', unit: '% of a core' },
  rssMb: { share: 0.08, beside: 8, name: 'memory', unit: 'MB' },
  descriptors: { share: 0, beside: 5, name: 'open files', unit: '' },
  sizeMb: { share: 0.1, beside: 1, name: 'size', unit: 'MB' },
}

const { values } = parseArgs({
  options: {
    run: { type: 'string', multiple: true, default: ['200x60x24', '100x1x6', '1000x1x6', '60x1x60'] },
    port: { type: 'string', default: '5070' },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
})
const asked = values.run.map(word => {
  const [, containers, speed, minutes] = /^(\d+)x(\d+)x(\d+(?:\.\d+)?)$/.exec(word) ?? []
  if (containers === undefined) throw new Error(`--run is '${word}', expected CONTAINERSxSPEEDxMINUTES`)
  return { containers: Number(containers), speed: Number(speed), minutes: Number(minutes) }
})

const checks = new Checklist()
const results = []
for (const run of asked) results.push(await soak(run))
checkScale()
const machine = `Linux ${release()}, ${cpus().length} cores`
if (values.json !== undefined) {
  const runs = results.map(({ samples, ...summary }) => summary)
  writeFileSync(values.json, `${JSON.stringify({ machine, runs }, undefined, 1)}\n`)
}
if (values.svg !== undefined) writeFileSync(values.svg, picture())
console.log(`prove soak: ${checks.passed} passed, ${checks.failed} failed`)
process.exit(checks.failed === 0 ? 0 : 1)

async function soak(run) {
  const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'soak-'))
  const children = []
  const clean = () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  process.on('exit', clean)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))
  try {
    return await measure(run, dir, children)
  } finally {
    clean()
    process.off('exit', clean)
  }
}

async function measure({ containers, speed, minutes }, dir, children) {
  const pretend = join(dir, 'host')
  // No host has more cores than that, and /proc/stat has a line for each.
  const cores = Math.min(256, 4 * containers)
  const words = ['--containers', containers, '--cores', cores, '--memory', 8_192 * containers].map(String)
  execFileSync(process.execPath, [SIMULATOR, 'create', pretend, ...words], { stdio: 'ignore' })
  const engine = spawn(process.execPath, [SIMULATOR, 'run', pretend, '--speed', String(speed)], { stdio: 'ignore' })
  children.push(engine)
  const daemons = startDaemons(dir, pretend, minutes)
  children.push(...daemons)

  const recorder = new ProcessRecorder({
    processes: {
      ...Object.fromEntries(daemons.map(({ name, pid }) => [name, () => pid])),
      'pretend host': () => engine.pid,
    },
    folders: Object.fromEntries(['lxc_metrics.json', 'api-state', 'model-state'].map(name => [name, join(dir, name)])),
  })
  const loads = []
  const endMs = performance.now() + minutes * MS_PER_MINUTE
  while (performance.now() < endMs) {
    recorder.sample()
    loads.push(loadavg()[0])
    await delay(RECORD_INTERVAL_MS)
  }
  const load = loads.reduce((sum, one) => sum + one, 0) / loads.length
  const title = `${containers} containers, ${minutes} min at speed ${speed}`
  const flat = checkRun({ title, minutes }, recorder.samples, daemons)
  for (const daemon of daemons) await daemon.stop()
  const changes = readFileSync(join(dir, 'lxc_autoscale_api.out'), 'utf8').split('change made').length - 1
  console.log(`# ${title}: ${changes} changes, load ${load.toFixed(1)}`)
  return { containers, speed, minutes, load: Number(load.toFixed(1)), changes, flat, samples: recorder.samples }
}

function startDaemons(dir, pretend, minutes) {
  const host = {
    dir,
    binDir: join(pretend, 'bin'),
    pveDir: join(pretend, 'etc/pve'),
    kernelDirs: { proc: join(pretend, 'proc'), cgroup: join(pretend, 'sys/fs/cgroup') },
    rememberProcess() {},
  }
  const metricsPath = join(dir, 'lxc_metrics.json')
  const port = Number(values.port)
  const monitor = monitorConfig(host, metricsPath)
  const api = apiConfig(host, metricsPath)
  const model = modelConfig(host, metricsPath, [])
  // Retention and rotation are to be met well before the second half.
  const kept = Math.max(2, Math.round((minutes * 60) / CHECK_SECONDS / 4))
  const configs = [
    {
      name: 'lxc_monitor',
      script: 'monitor/bin/lxc-monitor.mjs',
      config: {
        ...monitor,
        metrics: { port: 0 },
        monitoring: { ...monitor.monitoring, check_interval: CHECK_SECONDS, max_metrics_entries: kept },
      },
    },
    {
      name: 'lxc_autoscale_api',
      script: 'api/bin/lxc-autoscale-api.mjs',
      config: { ...api, server: { port }, state: { ...api.state, max_audit_size_mb: 1, audit_backup_count: 1 } },
    },
    {
      name: 'lxc_autoscale_ml',
      script: 'model/bin/lxc-autoscale-ml.mjs',
      config: {
        ...model,
        interval_seconds: DECIDE_SECONDS,
        metrics: { port: 0 },
        api: { ...model.api, api_url: `http://127.0.0.1:${port}` },
        scaling: { ...model.scaling, max_cpu_cores: 8, max_ram_mb: 8_192, ram_scale_step_mb: 256 },
        // Every third container by the rules of the default.
        tiers: { learning: { names: ['*3', '*6', '*9'], policy: 'adaptive' } },
      },
    },
  ]
  const daemons = configs.map(one => new Daemon(host, one))
  for (const daemon of daemons) daemon.start()
  return daemons
}

/** @returns {name: {figure: {rise, level, isFlat}}} */
function checkRun({ title, minutes }, samples, daemons) {
  for (const daemon of daemons) checks.ok(daemon.isRunning, `${title}: ${daemon.name} has run to the end`)
  const flat = {}
  for (const [name, own] of Object.entries(samples)) {
    if (name === 'pretend host') continue
    flat[name] = {}
    for (const [figure, { share, beside, name: what, unit }] of Object.entries(FLAT)) {
      if (own[0]?.[figure] === undefined) continue
      const { rise, level } = secondHalf(own.map(sample => [sample.atSeconds, sample[figure]]))
      const isJudged = figure !== 'cpuPercent' || minutes >= SHORTEST_FOR_CPU_MINUTES
      const isFlat = !isJudged || rise <= share * level + beside
      flat[name][figure] = { rise: rounded(rise), level: rounded(level), isFlat }
      const text = `${level.toFixed(1)} ${unit}, ${rise.toFixed(2)} more over the second half`
      checks.ok(isFlat, `${title}: ${what} of ${name} is flat`, text)
    }
  }
  return flat
}

/** Ten times the containers may cost ten times as much, and a little. */
function checkScale() {
  const [small, large] = [100, 1_000].map(size => results.find(({ containers }) => containers === size))
  if (small === undefined || large === undefined) return
  for (const name of ['lxc_monitor', 'lxc_autoscale_ml']) {
    const [few, many] = [small, large].map(({ flat }) => flat[name].cpuPercent.level)
    const text = `${few} % of a core for 100, ${many} % for 1,000`
    checks.ok(many <= 12 * few, `CPU of ${name} grows with the number of containers, not faster`, text)
  }
}

function picture() {
  const panels = results.flatMap(({ containers, speed, minutes, load, samples }) => {
    const title = `${containers} containers, speed ${speed}, ${minutes} min, load ${load}`
    const curvesOf = figure =>
      Object.entries(samples)
        .filter(([name, own]) => name !== 'pretend host' && own[0]?.[figure] !== undefined)
        .map(([name, own]) => ({ name, points: own.map(sample => [sample.atSeconds / 60, sample[figure]]) }))
    return Object.entries(FLAT).map(([figure, { name, unit }]) => ({
      title: figure === 'cpuPercent' ? title : name,
      unit: figure === 'cpuPercent' ? '% CPU' : unit,
      curves: curvesOf(figure),
    }))
  })
  return curvesSvg({
    title: 'What the daemons use over time',
    subtitle: `${machine}, shared with other work; measured every ${CHECK_SECONDS} s, decided every ${DECIDE_SECONDS} s`,
    panels,
    columns: 4,
    atUnit: 'min',
  })
}

function rounded(number) {
  return Number(number.toPrecision(3))
}
