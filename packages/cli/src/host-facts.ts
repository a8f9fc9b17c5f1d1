import { accessSync, constants, statSync } from 'node:fs'
import { errorMessage, systemErrorCode } from '@lxc-autoscale/core'
import { HostFiles, openHostFigures } from '@lxc-autoscale/host'
import { type Configs, type HostFacts, type KeyFileFacts, newsSecrets } from './compare-configs.ts'

/** What this host is, as far as the configurations speak of it. */
export function hostFacts({ monitor, model, api }: Configs): HostFacts {
  const { cores, memoryMb } = openHostFigures(new HostFiles(), (model ?? monitor ?? api)?.host.proc ?? '/proc')()
  const news = newsSecrets(api).map(({ path }) => path)
  const paths = new Set([model?.api.api_key_file, api?.authentication.key_file, ...news])
  return { cores, memoryMb, keyFiles: [...paths].flatMap(path => (path ? [keyFileFacts(path)] : [])) }
}

function keyFileFacts(path: string): KeyFileFacts {
  try {
    const { mode, uid } = statSync(path)
    const facts = { path, mode, isOfRoot: uid === 0, isThere: true }
    return { ...facts, problem: readProblem(path) }
  } catch (error) {
    const isThere = systemErrorCode(error) !== 'ENOENT'
    const problem = isThere ? `cannot be read: ${errorMessage(error)}` : 'is not there'
    return { path, isThere, mode: undefined, isOfRoot: false, problem }
  }
}

function readProblem(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'is not a regular file'
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return `cannot be read by this user: ${errorMessage(error)}`
  }
}
