import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson } from '../files/json-file.ts'
import { type ConfValues, without } from '../host/conf-text.ts'
import type { HostSettings, StorageType } from '../host/settings.ts'

/** A root file system or mount point of a configuration. */
export interface Volume {
  readonly key: string
  /** Volume id, or a path for a bind mount or a device. */
  readonly volid: string
  readonly kind: 'volume' | 'bind' | 'device'
  readonly storage: string
  /** The rest of the property string, in its order. */
  readonly options: ConfValues
}

const UNITS = ['', 'K', 'M', 'G', 'T']

/** Snapshots of each volume, oldest first: what a real storage keeps. */
export type VolumeSnapshots = Readonly<Record<string, readonly string[]>>

/** The volumes that a section of a configuration names, root file system first. */
export function volumesOf(values: ConfValues): readonly Volume[] {
  return Object.keys(values)
    .filter(key => key === 'rootfs' || /^mp\d+$/.test(key))
    .sort((a, b) => Number(b === 'rootfs') - Number(a === 'rootfs') || a.localeCompare(b, 'en', { numeric: true }))
    .map(key => parseVolume(key, values[key] ?? ''))
}

export function parseVolume(key: string, text: string): Volume {
  const [first = '', ...rest] = text.split(',')
  const volid = first.replace(/^volume=/, '')
  const options = Object.fromEntries(rest.map(part => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)]))
  return { key, volid, kind: kindOf(volid), storage: volid.split(':', 1)[0] ?? '', options }
}

/** A volume as a property string: id first, then the options by name. */
export function formatVolume({ volid, options }: Volume): string {
  const words = Object.keys(options)
    .sort()
    .map(key => `${key}=${options[key]}`)
  return [volid, ...words].join(',')
}

/** The same volume with another size. */
export function withSize(volume: Volume, bytes: number): Volume {
  return { ...volume, options: { ...without(volume.options, 'size'), size: formatSize(bytes) } }
}

/** `8G` -> bytes; 4 GiB, which Proxmox assumes, when there is no size. */
export function volumeBytes({ options }: Volume): number {
  return parseSize(options['size'] ?? '4G') ?? 4 * 2 ** 30
}

/** Digits with an optional unit, 2^10 each; no unit is bytes. Undefined for another form. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT])?$/.exec(text)
  if (match === null) return undefined
  return Math.trunc(Number(match[1]) * 1_024 ** UNITS.indexOf(match[2] ?? ''))
}

/** Bytes in the largest unit that leaves no rest. Source: pve-common, JSONSchema.pm, format_size. */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (unit < UNITS.length - 1 && value >= 1_024 && value % 1_024 === 0) {
    value /= 1_024
    unit++
  }
  return `${value}${UNITS[unit]}`
}

/** What containers on a kind of storage can do. Source: pve-storage, plugins' volume_has_feature. */
export function storageFeatures(type: StorageType | undefined): {
  readonly canSnapshot: boolean
  readonly canLinkFromSnapshot: boolean
  readonly canLinkFromTemplate: boolean
  readonly rollsBackNewestOnly: boolean
} {
  const canSnapshot = type === 'lvmthin' || type === 'zfspool' || type === 'rbd' || type === 'btrfs'
  return {
    canSnapshot,
    canLinkFromSnapshot: type === 'lvmthin' || type === 'rbd',
    canLinkFromTemplate: canSnapshot,
    rollsBackNewestOnly: type === 'zfspool',
  }
}

/** The kind of storage that a volume is on; undefined for a bind mount, a device and an unknown storage. */
export function storageType(settings: HostSettings, volume: Volume): StorageType | undefined {
  return volume.kind === 'volume' ? settings.storages[volume.storage] : undefined
}

export function readVolumeSnapshots(paths: HostPaths, vmid: number): VolumeSnapshots {
  const text = readIfThere(`${paths.volumes}/${vmid}.json`)
  return text === undefined ? {} : JSON.parse(text)
}

export function writeVolumeSnapshots(paths: HostPaths, vmid: number, snapshots: VolumeSnapshots): void {
  replaceJson(`${paths.volumes}/${vmid}.json`, snapshots)
}

function kindOf(volid: string): Volume['kind'] {
  if (volid.startsWith('/dev/')) return 'device'
  return volid.startsWith('/') ? 'bind' : 'volume'
}
