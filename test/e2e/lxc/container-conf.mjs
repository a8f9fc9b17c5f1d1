import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Path of a container's configuration below the directory that stands for /etc/pve. */
export function confPath(pveDir, vmid) {
  return join(pveDir, 'lxc', `${vmid}.conf`)
}

/** The options of a container as a Map of text; undefined when it does not exist. */
export function readConf(pveDir, vmid) {
  try {
    const lines = readFileSync(confPath(pveDir, vmid), 'utf8').split('\n').filter(Boolean)
    return new Map(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces the configuration of a container in one step, keys sorted as Proxmox writes them. */
export function writeConf(pveDir, vmid, options) {
  const path = confPath(pveDir, vmid)
  const aside = `${path}.tmp.${process.pid}`
  writeFileSync(aside, formatConf(options), { mode: 0o640 })
  renameSync(aside, path)
}

/** The text that `pct config` prints. */
export function formatConf(options) {
  return [...options.keys()]
    .sort()
    .map(key => `${key}: ${options.get(key)}\n`)
    .join('')
}
