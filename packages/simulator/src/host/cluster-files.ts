import { readdirSync, renameSync } from 'node:fs'
import { confFile, type HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { sharedPve } from './cluster-place.ts'
import { listVmids } from './container-conf.ts'
import type { HostIdentity } from './host-identity.ts'
import { withProcessLock } from './process-lock.ts'
import type { HostSettings } from './settings.ts'

const LOCK_MS = 10_000

/** Rewrites `.vmlist`, the list of all guests of the cluster, with a higher version. */
export async function writeVmlist(paths: HostPaths): Promise<void> {
  await lockVmlist(paths, () => writeLocked(paths))
}

/** Gives the configuration of a container to another node. Proxmox does it at once with the list; here, who misses it sees the new one. */
export async function giveGuest(paths: HostPaths, vmid: number, from: string, to: string): Promise<void> {
  await lockVmlist(paths, () => {
    writeLocked(paths, { vmid, to })
    renameSync(confFile(paths, from, vmid), confFile(paths, to, vmid))
  })
}

async function lockVmlist(paths: HostPaths, body: () => void): Promise<void> {
  await withProcessLock({ root: sharedPve(paths), name: 'vmlist', timeoutMs: LOCK_MS }, body)
}

function writeLocked(paths: HostPaths, moved?: { readonly vmid: number; readonly to: string }): void {
  const shared = sharedPve(paths)
  const version = previousVersion(`${shared}/.vmlist`) + 1
  const ids: Record<string, { node: string; type: 'lxc'; version: number }> = {}
  for (const node of readdirSync(`${shared}/nodes`)) {
    for (const vmid of listVmids(paths, node)) ids[vmid] = { node, type: 'lxc', version }
  }
  if (moved !== undefined) ids[moved.vmid] = { node: moved.to, type: 'lxc', version }
  replaceText(`${shared}/.vmlist`, `${JSON.stringify({ version, ids })}\n`)
}

/** Rewrites `.members`; a single node has neither `cluster` nor `nodelist`, and a node that is not up has no address. */
export function writeMembers(paths: HostPaths, identity: HostIdentity, settings: HostSettings): void {
  const version = previousVersion(`${paths.pve}/.members`) + 1
  const { nodes, quorate } = settings
  const nodeLines = nodes.map((name, at) => {
    const isUp = isOnline(settings, identity, name)
    return `  "${name}": { "id": ${at + 1}, "online": ${isUp ? `1, "ip": "${addressOf(settings, name)}"` : 0}}`
  })
  const cluster = `"cluster": { "name": "pretend", "version": 1, "nodes": ${nodes.length}, "quorate": ${quorate ? 1 : 0} },`
  const more = nodes.length < 2 ? '' : `,\n${cluster}\n"nodelist": {\n${nodeLines.join(',\n')}\n  }`
  replaceText(`${paths.pve}/.members`, `{\n"nodename": "${identity.node}",\n"version": ${version}${more}\n}\n`)
}

/** Whether a node of the cluster is up as this one sees it; without quorum this node is alone. */
export function isOnline({ offlineNodes, quorate }: HostSettings, { node }: HostIdentity, name: string): boolean {
  return name === node || (quorate && !offlineNodes.includes(name))
}

/** Whether this node itself has no power. */
export function isDown({ offlineNodes }: HostSettings, { node }: HostIdentity): boolean {
  return offlineNodes.includes(node)
}

/** The address of a node in the cluster's network. */
export function addressOf({ nodes }: HostSettings, name: string): string {
  return `192.0.2.${nodes.indexOf(name) + 1}`
}

/** Rewrites `storage.cfg`, the storages of the cluster. */
export function writeStorages(paths: HostPaths, { storages }: HostSettings): void {
  const sections = Object.entries(storages).map(([name, type]) => {
    const place = type === 'lvmthin' ? '\tthinpool data\n\tvgname pve\n' : ''
    return `${type}: ${name}\n${type === 'dir' ? '\tpath /var/lib/vz\n' : place}\tcontent rootdir,images\n`
  })
  replaceText(`${sharedPve(paths)}/storage.cfg`, sections.join('\n'))
}

function previousVersion(path: string): number {
  const text = readIfThere(path)
  return text === undefined ? 0 : JSON.parse(text).version
}
