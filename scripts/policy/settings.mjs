import { apiMargin, replaySettings } from '@lxc-autoscale/cli'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { REPLAY_INTERVAL_S } from '@lxc-autoscale/replay'

export const DEFAULTS = MODEL_CONFIG_RULES.schema.parse({})
/** How `lxc-autoscale replay` replays. */
export const REPLAY = { intervalS: REPLAY_INTERVAL_S, fallback: {}, memoryMargin: await apiMargin() }

/** The settings as in `lxc-autoscale replay` without a file. */
export function settingsOf(coresStep) {
  const mode = coresStep === 1 ? 'int' : 'frac'
  return replaySettings({ vmid: 100, policy: 'adaptive', config: undefined, mode })
}
