import { join } from 'node:path'
import {
  AutoscaleError,
  type DecidingVerdict,
  decidingVerdict,
  modelFacts,
  STATUS_FILE,
  statusFacts,
} from '@lxc-autoscale/core'
import type { ModelConfig } from '@lxc-autoscale/model'
import type { ApiClient } from './api-client.ts'

/** Whether the model decides: what the API says, which also others see; from the files of the model when it says nothing. */
export async function readVerdict(
  api: ApiClient,
  { lock_file, state }: Pick<ModelConfig, 'lock_file' | 'state'>,
): Promise<DecidingVerdict> {
  const asked = await askedVerdict(api)
  if ('state' in asked) return asked
  const statusFile = join(state.directory, STATUS_FILE)
  const facts = { nowMs: Date.now(), statusFile, model: modelFacts(lock_file), ...statusFacts(statusFile) }
  return decidingVerdict({ ...facts, api: asked.problem === undefined ? 'answers' : { problem: asked.problem } })
}

/** Without a problem it answers, and does not look at the model. */
async function askedVerdict(api: ApiClient): Promise<DecidingVerdict | { readonly problem: string | undefined }> {
  try {
    return (await api.health()).deciding ?? { problem: undefined }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { problem: error.message }
  }
}
