import { chmodSync, rmSync } from 'node:fs'
import { type HostPaths, hostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson, replaceText } from '../files/json-file.ts'
import { COMMANDS, commandScript } from './bin-commands.ts'
import { writeMembers, writeStorages } from './cluster-files.ts'
import { writeHaResources } from './ha-resources.ts'
import { readIdentity } from './host-identity.ts'
import { withProcessLock } from './process-lock.ts'
import { type HostSettings, readSettings } from './settings.ts'

/** Changes some settings of the host in `root`; takes effect at the next call of any process. */
export async function updateSettings(root: string, changes: Partial<HostSettings>): Promise<HostSettings> {
  return await withProcessLock({ root, name: 'settings', timeoutMs: 10_000 }, () => {
    const paths = hostPaths(root)
    const settings = { ...readSettings(paths), ...changes }
    replaceJson(paths.settings, settings)
    installCommands(paths, settings)
    writeMembers(paths, readIdentity(paths), settings)
    if (changes.haManaged !== undefined) {
      writeHaResources(
        paths,
        changes.haManaged.map(vmid => ({ vmid, state: 'started' })),
      )
    }
    writeStorages(paths, settings)
    return settings
  })
}

/** Makes `bin/` hold the commands that are not missing, and no others. */
function installCommands(paths: HostPaths, settings: HostSettings): void {
  for (const name of COMMANDS) {
    const file = `${paths.bin}/${name}`
    if (settings.missingCommands.includes(name)) rmSync(file, { force: true })
    else if (readIfThere(file) === undefined) {
      replaceText(file, commandScript(name, paths.root))
      chmodSync(file, 0o755)
    }
  }
}
