import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isApiUp } from '../lxc/api-client.mjs'
import { Checklist, until } from '../lxc/checklist.mjs'
import { Daemon } from '../lxc/daemon.mjs'
import { apiConfig, modelConfig, monitorConfig } from '../lxc/daemon-configs.mjs'
import { IS_UNIFIED } from '../lxc/kernel-files.mjs'
import { MetricsFile } from '../lxc/metrics-file.mjs'
import { TestHost } from '../lxc/test-host.mjs'
import { ProcessRecorder } from '../recording/process-recorder.mjs'
import { AWKWARD, awkwardLoads } from './awkward-loads.mjs'
import { effectsOf } from './change-effects.mjs'
import { ContainerWatch } from './container-watch.mjs'
import { loadAt } from './day.mjs'
import { softwareVersions } from './debian-tree.mjs'
import { picture } from './picture.mjs'
import { ServiceUnderLoad } from './service-under-load.mjs'
import { jvm } from './software/jvm.mjs'
import { nginx } from './software/nginx.mjs'
import { postgresql } from './software/postgresql.mjs'
import { redis } from './software/redis.mjs'
import { WRK_SCRIPT } from './software/wrk.mjs'

const SOFTWARE = [redis, postgresql, nginx, jvm]
const RECORD_INTERVAL_MS = 5_000
const WARM_UP_MS = 15_000
const MS_PER_MINUTE = 60_000
const BYTES_PER_GB = 2 ** 30

const { minutes, daySeconds, json, svg, tree } = JSON.parse(process.argv[2])
const host = new TestHost(process.pid, { arePreferred: false })
const checks = new Checklist()
process.on('exit', () => host.tearDown())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

spawnSync('ip', ['link', 'set', 'lo', 'up'])
host.setUp()
const clients = await host.addContainer({
  name: 'clients',
  options: { cores: '2', memory: '1024' },
  debian: { base: tree, files: { 'load.lua': WRK_SCRIPT } },
})
const vmids = new Map()
for (const { name, options, service, files } of SOFTWARE)
  vmids.set(name, await host.addContainer({ name, options, debian: { base: tree, service, files } }))
const awkward = await host.addContainer({ ...AWKWARD, debian: { base: tree, files: AWKWARD.files } })

const metricsPath = join(host.dir, 'lxc_metrics.json')
const daemon = (name, script, config) => new Daemon(host, { name, script, config })
const daemons = {
  monitor: daemon('lxc_monitor', 'monitor/bin/lxc-monitor.mjs', monitorConfig(host, metricsPath)),
  api: daemon('lxc_autoscale_api', 'api/bin/lxc-autoscale-api.mjs', apiConfig(host, metricsPath)),
  model: daemon('lxc_autoscale_ml', 'model/bin/lxc-autoscale-ml.mjs', sizingConfig()),
}

const daySeed = performance.now()
const dayNow = () => (performance.now() - daySeed) / (daySeconds * 1_000)
const services = SOFTWARE.map(
  (software, at) =>
    new ServiceUnderLoad({
      software,
      vmid: vmids.get(software.name),
      address: host.addressOf(vmids.get(software.name)),
      clients,
      // The busy hours of one are not those of the next: two cores carry all of them.
      loadNow: () => loadAt(dayNow() + at / SOFTWARE.length),
    }),
)
for (const service of services) await service.prepare()
const watch = new ContainerWatch(host.vmids)
const startMs = performance.now()
for (const service of services) service.start()
// Each comes to the load of its hour before anybody sizes it.
await delay(WARM_UP_MS)
for (const one of Object.values(daemons)) one.start()
await until('the API is healthy', 60_000, isApiUp)
const recorder = new ProcessRecorder({
  processes: Object.fromEntries(Object.values(daemons).map(({ name, pid }) => [name, () => pid])),
  folders: {
    'metrics file': metricsPath,
    'state of the API': join(host.dir, 'api-state'),
    'state of the model': join(host.dir, 'model-state'),
  },
})
const recording = setInterval(() => recorder.sample(), RECORD_INTERVAL_MS)
const loads = []
while (performance.now() - startMs < minutes * MS_PER_MINUTE) {
  await delay(Math.min(MS_PER_MINUTE, startMs + minutes * MS_PER_MINUTE - performance.now()))
  loads.push(loadavg()[0])
  console.log(`# ${Math.round((performance.now() - startMs) / MS_PER_MINUTE)} min: ${services.map(stateOf).join('; ')}`)
}
await Promise.all(services.map(service => service.stop()))

const results = services.map(resultOf)
for (const result of results) checkService(result)
const awkwardResults = []
await checks.scenario('awkward loads', async () => {
  await awkwardLoads(
    { host, checks, vmid: awkward, others: [...vmids.values()], metrics: new MetricsFile(metricsPath) },
    awkwardResults,
  )
})
clearInterval(recording)
watch.stop()
for (const one of Object.values(daemons)) {
  checks.ok(one.isRunning, `${one.name} has run to the end`)
  const { exitCode } = await one.stop()
  checks.ok(exitCode === 0, `${one.name} stops when asked to`, `exit code ${exitCode}`)
}

if (json !== undefined) writeFileSync(json, `${JSON.stringify(report(), undefined, 1)}\n`)
if (svg !== undefined) writeFileSync(svg, picture({ services, watch, startMs, minutes, machine: machine() }))
if (checks.failed > 0)
  for (const one of Object.values(daemons)) console.log(`# the end of the log of ${one.name}:\n${one.logTail()}`)
console.log(`prove real: ${checks.passed} passed, ${checks.failed} failed`)
process.exit(checks.failed === 0 ? 0 : 1)

/** The rule of the predecessor, since `adaptive` takes nothing away before it has known a container for hours. */
function sizingConfig() {
  const config = modelConfig(host, metricsPath, [clients])
  const byQuota = SOFTWARE.filter(({ options }) => options.cpulimit !== undefined).map(({ name }) => name)
  return {
    ...config,
    scaling: {
      ...config.scaling,
      min_ram_mb: 192,
      max_ram_mb: 1_024,
      ram_scale_step_mb: 128,
      ram_scale_up_threshold: 70,
      ram_scale_down_threshold: 40,
      cpu_scale_down_threshold: 45,
      truce_hours: 0,
      quarantine_hours: 0,
    },
    tiers: {
      awkward: { names: [AWKWARD.name], min_ram_mb: 64 },
      // A heap that grows grows by tens of MB at once.
      jvm: { names: [jvm.name], min_ram_mb: 320 },
      by_quota: { names: byQuota, cpu_unit: 'cpulimit', min_cpu_cores: 0.5, cpu_scale_step: 0.3 },
    },
  }
}

function stateOf(service) {
  const last = watch.samples.get(service.vmid).at(-1)
  const failed = service.total('failed')
  const memory = `${Math.round(last.memoryMb)} of ${last.memoryLimitMb} MB`
  return `${service.name} ${memory}, ${last.coresUsed.toFixed(2)} of ${last.cores} cores, ${watch.changes(service.vmid).length} changes, ${failed} failed`
}

function resultOf(service) {
  const changes = watch.changes(service.vmid)
  return {
    name: service.name,
    requests: service.total('requests'),
    failed: service.total('failed'),
    errors: service.errors.slice(0, 5),
    kills: watch.kills(service.vmid),
    hasRestarted: service.hasRestarted,
    effects: effectsOf(service.slices, changes),
  }
}

function checkService({ name, requests, failed, errors, kills, hasRestarted, effects }) {
  const changes = effects.filter(({ kind }) => kind !== 'no change')
  const text = changes.map(({ kind, count }) => `${kind} ${count}`).join(', ')
  if (minutes > 0)
    checks.ok(
      ['up', 'down'].every(way => changes.some(row => row.kind.endsWith(way))),
      `${name} grew and shrank`,
      text,
    )
  checks.ok(
    kills.length === 0 && !hasRestarted,
    `${name}: nothing was killed or started again`,
    kills.map(killText).join(', ') || undefined,
  )
  checks.ok(
    failed === 0,
    `${name}: every request was answered`,
    `${failed} failed of ${requests} ${errors.join(' | ')}`,
  )
  for (const { kind, count, before, during, after } of effects)
    console.log(`#   ${[name, kind, `${count} times`, ...[before, during, after].map(stageText)].join(' | ')}`)
}

function killText({ limitMb, secondsSinceShrink }) {
  return `killed at ${limitMb} MB, ${secondsSinceShrink ?? 'no'} s since a shrink`
}

function stageText(stage) {
  return stage === undefined ? '-' : `${stage.perSecond}/s p99 ${stage.p99Ms} ms (worst ${stage.worstP99Ms})`
}

function machine() {
  const memoryGb = Math.round(totalmem() / BYTES_PER_GB)
  return `Linux ${release()}, cgroup ${IS_UNIFIED ? 'v2' : 'v1'}, ${memoryGb} GB, load ${Math.max(0, ...loads).toFixed(1)} at most`
}

function report() {
  return {
    at: new Date().toISOString(),
    minutes,
    days: (minutes * 60) / daySeconds,
    machine: machine(),
    software: softwareVersions(tree),
    services: results,
    awkward: awkwardResults,
    daemons: Object.fromEntries(Object.entries(recorder.samples).map(([name, samples]) => [name, rangeOf(samples)])),
    passed: checks.passed,
    failed: checks.failed,
  }
}

/** Least and most of each figure. */
function rangeOf(samples) {
  const figures = Object.keys(samples[0]).filter(figure => figure !== 'atSeconds')
  return Object.fromEntries(
    figures.map(figure => {
      const own = samples.map(sample => sample[figure])
      return [figure, [Math.min(...own), Math.max(...own)].map(value => Number(value.toPrecision(3)))]
    }),
  )
}
