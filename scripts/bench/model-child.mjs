// Runs the model on a metrics file against a local API and prints what it cost: one JSON object.
import { closeSync, fstatSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { MetricsFileSource } from '@lxc-autoscale/core'
import { FleetHistory, HostFiles, openHostFigures } from '@lxc-autoscale/host'
import { ModelConfig } from '@lxc-autoscale/model'
import { AnomalyModel } from '../../packages/model/dist/anomaly/anomaly-model.js'
import { anomalySettings } from '../../packages/model/dist/anomaly/anomaly-sections.js'
import { ApiConnection } from '../../packages/model/dist/api-connection.js'
import { AuditTrail } from '../../packages/model/dist/cycle/audit-trail.js'
import { Fleet } from '../../packages/model/dist/cycle/fleet.js'
import { SteadyTime } from '../../packages/model/dist/cycle/steady-time.js'
import { ModelCycle } from '../../packages/model/dist/cycle.js'
import { limitHeapGrowth } from '../../packages/model/dist/heap-growth.js'
import { StateFiles } from '../../packages/model/dist/state/state-files.js'
import { StatusFile } from '../../packages/model/dist/status/status-file.js'
import { ModelTelemetry } from '../../packages/model/dist/telemetry.js'
import { cycleLine } from './metrics-history.mjs'

const { path, apiUrl, directory, containers, entries, intervalMs, firstMs, warmUp, cycles, warmAt } = JSON.parse(
  process.argv[2],
)

// As the daemon does.
limitHeapGrowth()

const warn = (fields, text) => console.error(text, fields)
const log = { info() {}, debug() {}, warn, error: warn, fatal: warn }
let skewMs = warmAt ?? 0
const clock = {
  // The model believes that as much time passes between two measured cycles as between two collections.
  nowMs: () => Date.now() + skewMs,
  monotonicMs: () => performance.now(),
  sinceBoot: () => ({ id: 'bench', seconds: (performance.timeOrigin + performance.now() + skewMs) / 1_000 }),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
}
const config = ModelConfig.parse({
  data_file: path,
  max_metrics_age_seconds: 86_400,
  // Every container decides, none is changed: what is measured is the cycle and not pct.
  scaling: { dry_run: true },
  api: { api_url: apiUrl, api_key_file: '' },
  state: { directory },
})
const telemetry = new ModelTelemetry()
const state = new StateFiles(directory, log)
await state.prepare()
const loadStartMs = performance.now()
const saved = await state.loadSizers()
const time = new SteadyTime(clock, saved.moment)
const connection = new ApiConnection({ clock, log, telemetry, random: Math.random })
const forest = anomalySettings({ forest: config.model, anomaly: config.anomaly_detection, rollingWindow: 5 })
const anomalies = (await state.loadForests(lines => AnomalyModel.restore(forest, lines))) ?? new AnomalyModel(forest)
const fleet = new Fleet({
  config,
  hostSize: openHostFigures(new HostFiles(0), '/proc')(),
  saved,
  time,
})
let status
const parts = {
  source: new MetricsFileSource({ path, place: saved.place }),
  history: new FleetHistory(saved.sizers, clockMs => time.ofClock(clockMs)),
  anomalies,
  fleet,
  state,
  board: {
    show(next) {
      status = next
      return new StatusFile(directory).show(next)
    },
  },
  trail: new AuditTrail(time),
  telemetry,
  clock,
  time,
  log,
  runName: '0000000000000000',
  pid: process.pid,
}
const settings = {
  api: connection.open(config),
  apiUrl,
  isDryRun: true,
  intervalMs,
  maxDataAgeMs: 86_400_000,
  windowMs: forest.windowMs,
  longestWaitMs: 86_400_000,
}
const cycle = new ModelCycle(parts, { ...settings, saveIntervalMs: Number.POSITIVE_INFINITY })
const { signal } = new AbortController()

async function timed() {
  const startMs = performance.now()
  const { outcome, text } = await cycle.run(signal)
  if (outcome !== 'decided') throw new Error(`the cycle ended ${outcome}: ${text}`)
  return performance.now() - startMs
}

if (warmAt !== undefined) {
  await timed()
  const warmStartMs = performance.now() - loadStartMs
  console.log(JSON.stringify({ warmStartMs, warmStages: status.cycle.stages, warmForests: anomalies.counts() }))
  process.exit()
}
const coldStartMs = await timed()
const coldStages = status.cycle.stages
const coldCpuMs = process.cpuUsage().user / 1_000
const coldRssMb = process.memoryUsage.rss() / 1_048_576

const wallMs = []
const cpuMs = []
const decideMs = []
let stages = {}
for (let index = 0; index < warmUp + cycles; index++) {
  const timeMs = firstMs + (entries + index) * intervalMs
  skewMs += intervalMs
  append(cycleLine(containers, timeMs, entries + index))
  const before = process.cpuUsage()
  const tookMs = await timed()
  if (index < warmUp) continue
  const { user, system } = process.cpuUsage(before)
  wallMs.push(tookMs)
  cpuMs.push((user + system) / 1_000)
  decideMs.push(status.cycle.stages.decide * 1_000)
  stages = status.cycle.stages
}

/** The shortest interval that can be configured. */
const PAUSE_MS = 1_000
const SAVING_CYCLES = 5
cycle.configure({ ...settings, saveIntervalMs: 0 })
const savingMs = []
for (let index = 0; index < SAVING_CYCLES; index++) {
  const number = entries + warmUp + cycles + index
  skewMs += intervalMs
  append(cycleLine(containers, firstMs + number * intervalMs, number))
  savingMs.push(await timed())
  await clock.sleep(PAUSE_MS)
}
const rssMb = process.memoryUsage.rss() / 1_048_576
const saveStartMs = performance.now()
await cycle.save()
const saveMs = performance.now() - saveStartMs
await connection.close()
console.log(
  JSON.stringify({
    coldStartMs,
    coldStages,
    coldCpuMs,
    coldRssMb,
    wallMs,
    cpuMs,
    savingMs,
    skewMs,
    decideMs,
    stages,
    rssMb,
    peakRssMb: process.resourceUsage().maxRSS / 1_024,
    saveMs,
    stateBytes: sizeOf(directory),
    forests: anomalies.counts(),
  }),
)

/** Of all files below a folder. */
function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}

/** As the monitor does: over the closing bracket. */
function append(line) {
  const file = openSync(path, 'r+')
  const { size } = fstatSync(file)
  writeSync(file, `,\n${line}\n]\n`, size - '\n]\n'.length)
  closeSync(file)
}
