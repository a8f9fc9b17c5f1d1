import { join } from 'node:path'
import { type ModelStatus, readModelStatus, STATUS_FILE } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES, type ModelConfig } from '@lxc-autoscale/model'
import { CONFIG_FILES } from './command-context.ts'
import { installedConfig } from './installed-config.ts'

/** What the model wrote down of itself, and its configuration. */
export interface ModelView {
  readonly config: ModelConfig
  readonly statusFile: string
  /** Undefined when the model never finished a cycle here. */
  readonly status: ModelStatus | undefined
}

export function modelView(configDir: string): ModelView {
  const config = installedConfig(configDir, CONFIG_FILES.model, MODEL_CONFIG_RULES)
  const statusFile = join(config.state.directory, STATUS_FILE)
  return { config, statusFile, status: readModelStatus(statusFile) }
}
