import { readdirSync } from 'node:fs'
import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { listVmids } from './container-conf.ts'
import type { HostIdentity } from './host-identity.ts'
import type { HostSettings } from './settings.ts'

/** Rewrites `.vmlist`, the list of all guests of the cluster, with a higher version. Call it with the kernel lock held. */
export function writeVmlist(paths: HostPaths): void {
  const version = previousVersion(`${paths.pve}/.vmlist`) + 1
  const ids: Record<string, { node: string; type: 'lxc'; version: number }> = {}
  for (const node of readdirSync(`${paths.pve}/nodes`)) {
    for (const vmid of listVmids(paths, node)) ids[vmid] = { node, type: 'lxc', version }
  }
  replaceText(`${paths.pve}/.vmlist`, `${JSON.stringify({ version, ids })}\n`)
}

/** Rewrites `.members`; a single node has neither `cluster` nor `nodelist`. */
export function writeMembers(paths: HostPaths, identity: HostIdentity, settings: HostSettings): void {
  const version = previousVersion(`${paths.pve}/.members`) + 1
  const single = { nodename: identity.node, version }
  const members =
    settings.nodes.length < 2
      ? single
      : {
          ...single,
          cluster: { name: 'pretend', version: 1, nodes: settings.nodes.length, quorate: settings.quorate ? 1 : 0 },
          nodelist: Object.fromEntries(
            settings.nodes.map((name, at) => [
              name,
              { id: at + 1, online: settings.quorate || name === identity.node ? 1 : 0, ip: `192.0.2.${at + 1}` },
            ]),
          ),
        }
  replaceText(`${paths.pve}/.members`, `${JSON.stringify(members, null, 0)}\n`)
}

/** Rewrites `ha/resources.cfg`, which names the containers that the HA manager looks after. */
export function writeHaResources(paths: HostPaths, { haManaged }: HostSettings): void {
  const sections = haManaged.map(vmid => `ct: ${vmid}\n\tstate started\n`)
  replaceText(`${paths.pve}/ha/resources.cfg`, sections.join('\n'))
}

function previousVersion(path: string): number {
  const text = readIfThere(path)
  return text === undefined ? 0 : JSON.parse(text).version
}
