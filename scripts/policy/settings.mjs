import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import * as model from '@lxc-autoscale/model'

export const INTERVAL_S = 60
const { memory_margin_mb: mb, memory_margin_percent: percent } = API_CONFIG_RULES.schema.parse({}).safety
export const MEMORY_MARGIN = { mb, percent }
export const DEFAULTS = model.MODEL_CONFIG_RULES.schema.parse({})

/** The settings as they come, without limits of their own, as in `lxc-autoscale replay` without a file. */
export function settingsOf(coresStep) {
  const limits = { min_cpu_cores: coresStep, max_cpu_cores: 8_192, min_ram_mb: 64, max_ram_mb: 1_048_576 }
  const cpuUnit = coresStep === 1 ? 'cores' : 'cpulimit'
  return model.containerSettings({
    vmid: 100,
    name: undefined,
    tags: [],
    scaling: { ...DEFAULTS.scaling, ...limits, policy: 'adaptive', cpu_unit: cpuUnit, mode: 'auto' },
    tiers: DEFAULTS.tiers,
    schedules: DEFAULTS.schedules,
    ignoreLxc: [],
    host: undefined,
  })
}
