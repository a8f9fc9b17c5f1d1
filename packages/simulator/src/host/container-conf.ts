import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { confFile, type HostPaths } from '../files/host-paths.ts'
import { isErrno, readBytesIfThere, replaceText } from '../files/json-file.ts'
import { type ContainerConf, formatConf, type ParsedConf, parseConf } from './conf-text.ts'
import { numbersIn } from './runs.ts'

/** Containers of a node, by number, running or not. */
export function listVmids(paths: HostPaths, node: string): readonly number[] {
  try {
    return numbersIn(readdirSync(`${paths.pve}/nodes/${node}/lxc`))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** Reads a container's configuration; undefined when this node has no such container. */
export function readConf(paths: HostPaths, node: string, vmid: number): ReadConf | undefined {
  const bytes = readBytesIfThere(confFile(paths, node, vmid))
  if (bytes === undefined) return undefined
  const text = bytes.toString('utf8')
  return { ...parseConf(text, vmid), text, bytes }
}

/** A configuration with the file that it was read from. */
interface ReadConf extends ParsedConf {
  readonly text: string
  readonly bytes: Uint8Array
}

/** Writes a container's configuration. */
export function storeConf(paths: HostPaths, node: string, vmid: number, conf: ContainerConf): void {
  replaceText(confFile(paths, node, vmid), formatConf(conf))
}

/** Removes what lxc-start reads of a container. */
export function removeLxcConfig(paths: HostPaths, vmid: number): void {
  rmSync(`${paths.root}/var/lib/lxc/${vmid}`, { recursive: true, force: true })
}

/** Writes what lxc-start reads. Source: pve-container, LXC.pm, update_lxc_config. */
export function storeLxcConfig(paths: HostPaths, vmid: number, { live }: ContainerConf): void {
  const directory = `${paths.root}/var/lib/lxc/${vmid}`
  mkdirSync(directory, { recursive: true })
  const lines = [
    `lxc.arch = ${live.values['arch'] ?? 'amd64'}`,
    `lxc.uts.name = ${live.values['hostname'] ?? `CT${vmid}`}`,
    `lxc.rootfs.path = /var/lib/lxc/${vmid}/rootfs`,
    ...live.lxc.map(([key, value]) => `${key} = ${value}`),
  ]
  replaceText(`${directory}/config`, `${lines.join('\n')}\n`)
}
