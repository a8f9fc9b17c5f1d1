import { join } from 'node:path'
import { type ModelStatus, STATUS_FILE, statusFacts } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES, type ModelConfig } from '@lxc-autoscale/model/config'
import { CONFIG_FILES } from './command-context.ts'
import { installedConfig } from './installed-config.ts'

/** What the model wrote down of itself, and its configuration. */
export interface ModelView {
  readonly config: ModelConfig
  readonly statusFile: string
  /** Undefined when nothing that can be used is there. */
  readonly status: ModelStatus | undefined
  /** Why what is there cannot be used. */
  readonly statusProblem: string | undefined
}

export function modelView(configDir: string): ModelView {
  const config = installedConfig(configDir, CONFIG_FILES.model, MODEL_CONFIG_RULES)
  const statusFile = join(config.state.directory, STATUS_FILE)
  return { config, statusFile, ...statusFacts(statusFile) }
}
