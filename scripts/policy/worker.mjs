import { parentPort, workerData } from 'node:worker_threads'
import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import * as model from '@lxc-autoscale/model'
import { replay } from '@lxc-autoscale/replay'
import { score, withStart } from './score.mjs'

const INTERVAL_S = 60
const { memory_margin_mb: mb, memory_margin_percent: percent } = API_CONFIG_RULES.schema.parse({}).safety
const defaults = model.MODEL_CONFIG_RULES.schema.parse({})

/** The settings as they come, without limits of their own, as in `lxc-autoscale replay` without a file. */
function settingsOf(coresStep) {
  const limits = { min_cpu_cores: coresStep, max_cpu_cores: 8_192, min_ram_mb: 64, max_ram_mb: 1_048_576 }
  const cpuUnit = coresStep === 1 ? 'cores' : 'cpulimit'
  return model.containerSettings({
    vmid: 100,
    name: undefined,
    tags: [],
    scaling: { ...defaults.scaling, ...limits, policy: 'adaptive', cpu_unit: cpuUnit, mode: 'auto' },
    tiers: defaults.tiers,
    schedules: defaults.schedules,
    ignoreLxc: [],
    host: undefined,
  })
}

parentPort.on('message', ({ seriesIndex, coresStep, parameters }) => {
  const trace = withStart(workerData.traces[seriesIndex], coresStep)
  const sizer = new model.ContainerSizer({
    vmid: 100,
    settings: settingsOf(coresStep),
    policies: model.adaptiveWith && { adaptive: model.adaptiveWith(parameters) },
  })
  const run = replay(trace, sizer, { intervalS: INTERVAL_S, fallback: {}, memoryMargin: { mb, percent } })
  parentPort.postMessage(score(trace, run))
})
