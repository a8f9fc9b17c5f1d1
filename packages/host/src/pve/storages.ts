import { isOn } from './lxc-conf.ts'

/** A storage of the cluster. */
export interface Storage {
  readonly type: string
  /** Every node that has it sees the same volumes. */
  readonly isShared: boolean
  /** The only nodes that have it; undefined: all. */
  readonly nodes: ReadonlySet<string> | undefined
}

/** Source: pve-storage, PVE/Storage/*Plugin.pm: those whose plugin data say `shared`. */
const ALWAYS_SHARED = new Set([
  'nfs',
  'cifs',
  'cephfs',
  'rbd',
  'iscsi',
  'iscsidirect',
  'glusterfs',
  'zfs',
  'pbs',
  'esxi',
])
const SECTION = /^([a-z]+):\s*(\S+)\s*$/
const OPTION = /^\s+(\w+)(?:\s+(.*?))?\s*$/
/** It is there without being configured. Source: PVE/Storage/Plugin.pm, parse_config. */
const LOCAL: Storage = { type: 'dir', isShared: false, nodes: undefined }

/** The storages of `/etc/pve/storage.cfg` by name. */
export function parseStorages(text: string): ReadonlyMap<string, Storage> {
  const storages = new Map([['local', LOCAL]])
  let name = ''
  for (const line of text.split('\n')) {
    const [, type, section] = SECTION.exec(line) ?? []
    name = section ?? name
    if (type !== undefined) storages.set(name, { type, isShared: ALWAYS_SHARED.has(type), nodes: undefined })
    const storage = storages.get(name)
    if (storage !== undefined) storages.set(name, withOption(storage, line))
  }
  return storages
}

function withOption(storage: Storage, line: string): Storage {
  const [, option, value = ''] = OPTION.exec(line) ?? []
  if (option === 'shared') return { ...storage, isShared: storage.isShared || isOn(value || '1') }
  return option === 'nodes' ? { ...storage, nodes: new Set(value.split(/[,;\s]+/)) } : storage
}
