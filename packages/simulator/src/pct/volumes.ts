import { BYTES_PER_GB } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson } from '../files/json-file.ts'
import { type ConfValues, without } from '../host/conf-text.ts'
import type { HostSettings, StorageType } from '../host/settings.ts'
import { formatSize, parseSize } from '../schema/size.ts'
import type { Context } from './context.ts'
import { Failure } from './failure.ts'
import { logicalName } from './storage-lines.ts'

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

/** What a storage knows of a container's volumes, by volume id. */
export interface VolumeState {
  /** Oldest first. */
  readonly snapshots: Readonly<Record<string, readonly VolumeSnapshot[]>>
  /** Bytes of a volume that grew while its configuration could not be written. */
  readonly sizes: Readonly<Record<string, number>>
  /** Deleted volumes. */
  readonly gone: readonly string[]
  /** Rolled back to a state in which they were mounted: the next mount waits until nobody else can have them in use. */
  readonly inUse: readonly string[]
}

export interface VolumeSnapshot {
  readonly name: string
  readonly wasMounted: boolean
}

const FRESH: VolumeState = { snapshots: {}, sizes: {}, gone: [], inUse: [] }

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
  return parseSize(options['size'] ?? '4G') ?? 4 * BYTES_PER_GB
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

/**
 * The kind of storage that a volume is on; undefined for a bind mount and a device.
 * @throws {Failure} for a storage that the host does not have
 */
export function storageType(settings: HostSettings, volume: Volume): StorageType | undefined {
  if (volume.kind !== 'volume') return undefined
  assertStorage(settings, volume.storage)
  return settings.storages[volume.storage]
}

/** @throws {Failure} when the host has no storage of this name */
export function assertStorage({ storages }: HostSettings, name: string): void {
  if (!Object.hasOwn(storages, name)) throw new Failure(`storage '${name}' does not exist`)
}

/** @throws {Failure} when the storage or the data of a volume is not there, as it shows when it is to be used */
export function assertVolume({ paths, settings }: Context, vmid: number, volume: Volume): void {
  const type = storageType(settings, volume)
  const isGone = settings.missingVolumes.includes(volume.volid) || readVolumes(paths, vmid).gone.includes(volume.volid)
  if (!isGone) return
  const isLogical = type === 'lvmthin' || type === 'lvm'
  throw new Failure(
    isLogical ? `no such logical volume ${logicalName(volume.volid)}` : `volume '${volume.volid}' does not exist`,
  )
}

/** What the storages know of a container's volumes. */
export function readVolumes(paths: HostPaths, vmid: number): VolumeState {
  const text = readIfThere(`${paths.volumes}/${vmid}.json`)
  return text === undefined ? FRESH : JSON.parse(text)
}

/** Changes some of it. */
export function changeVolumes(
  paths: HostPaths,
  vmid: number,
  change: (state: VolumeState) => Partial<VolumeState>,
): void {
  const before = readVolumes(paths, vmid)
  replaceJson(`${paths.volumes}/${vmid}.json`, { ...before, ...change(before) })
}

function kindOf(volid: string): Volume['kind'] {
  if (volid.startsWith('/dev/')) return 'device'
  return volid.startsWith('/') ? 'bind' : 'volume'
}
