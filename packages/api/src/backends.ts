import type { Clock } from '@lxc-autoscale/core'
import type { HostFiles } from '@lxc-autoscale/host'
import type { ApiConfig } from './config.ts'
import { ClusterFiles } from './host/cluster-files.ts'
import type { CommandReport } from './pct/command-report.ts'
import { PctCli } from './pct/pct-cli.ts'
import type { CommandKind, HostCommands } from './ports.ts'
import { openConfigLock } from './rest/config-lock.ts'
import { RestCommands } from './rest/rest-commands.ts'
import { RestConnection } from './rest/rest-connection.ts'
import { readRestSettings } from './rest/rest-settings.ts'
import { ownNode } from './routes/node.ts'

export interface BackendParts {
  readonly clock: Clock
  readonly files: HostFiles
  /** Stands in the environment of every command. */
  readonly mark: string
  /** The configuration in force. */
  readonly config: () => ApiConfig
  readonly limitMs: (kind: CommandKind) => number
  readonly onEnd: (report: CommandReport) => void
}

/** Proxmox, by the way of asking that the configuration in force names. Neither of them holds anything before its first command. */
export interface Backends extends HostCommands {
  /** Reads files that the configuration names anew. */
  renew(): void
}

export function openBackends(parts: BackendParts): Backends {
  const { config, files, clock } = parts
  const pct = new PctCli(parts)
  const rest = new RestCommands({
    ...parts,
    settings: () => readRestSettings(config().lxc.rest),
    connect: settings => new RestConnection(settings),
    node: () => ownNode({ config: config(), cluster: new ClusterFiles(files, config().host.pve, clock) }),
    isLocked: vmid => openConfigLock(files, config().host.proc)(vmid),
  })
  const chosen = () => (config().lxc.backend === 'rest' ? rest : pct)
  return {
    run: (command, beforeStart) => chosen().run(command, beforeStart),
    leftEnded: (vmid, wait) => chosen().leftEnded(vmid, wait),
    renew: () => rest.renew(),
  }
}

/** @throws {ConfigError} when the files of the way of asking cannot be used now */
export function checkBackend({ lxc: { backend, rest } }: ApiConfig): void {
  if (backend === 'rest') readRestSettings(rest)
}
