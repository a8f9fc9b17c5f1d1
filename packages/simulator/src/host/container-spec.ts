import type { InnerLimit, Load, Shape } from '../workload/workload.ts'
import type { ConfValues } from './conf-text.ts'
import type { HostSettings, StorageType } from './settings.ts'

/** A container to be made. Only number and shape are needed. */
export interface ContainerSpec {
  readonly vmid: number
  readonly shape: Shape
  readonly hostname?: string
  /** Default: what a trace begins with, else 2. `undefined` in `config` makes a container without the key. */
  readonly cores?: number
  /** Default: what a trace begins with, else 1024. */
  readonly memoryMb?: number
  readonly swapMb?: number
  /** Default true. */
  readonly running?: boolean
  /** How long it has been running; default: it has just been started. */
  readonly upMs?: number
  readonly unprivileged?: boolean
  /** Default true: the init is systemd and lives in `ns/init.scope`. */
  readonly systemd?: boolean
  readonly template?: boolean
  readonly tags?: string
  readonly description?: string
  /** Storage of the root file system; default `local-lvm`. */
  readonly storage?: string
  readonly diskGb?: number
  /** Parts of the load that are not the usual ones for its shape. */
  readonly load?: Partial<Load>
  readonly processes?: number
  /** A service inside (Docker in LXC) that is killed again and again within a limit of its own. */
  readonly innerLimit?: InnerLimit
  /** Further keys of the configuration, or other values; undefined leaves a key out. */
  readonly config?: Readonly<Record<string, string | undefined>>
  /** Raw `lxc.` lines. */
  readonly lxc?: readonly (readonly [string, string])[]
}

const MAC_PREFIX = 'BC:24:11'

/** The keys of the configuration file that a container begins with. */
export function initialValues(
  spec: ContainerSpec,
  { cores, memoryMb, storages }: { cores: number; memoryMb: number; storages: HostSettings['storages'] },
): ConfValues {
  const storage = spec.storage ?? 'local-lvm'
  const volume = newVolumeId(storage, storages[storage], { vmid: spec.vmid, number: 0 })
  const values: Record<string, string | undefined> = {
    arch: 'amd64',
    cores: String(cores),
    description: spec.description,
    features: 'nesting=1',
    hostname: spec.hostname ?? `ct${spec.vmid}`,
    memory: String(memoryMb),
    net0: `name=eth0,bridge=vmbr0,firewall=1,hwaddr=${macAddress(spec.vmid)},ip=dhcp,type=veth`,
    onboot: '1',
    ostype: 'debian',
    rootfs: `${volume},size=${spec.diskGb ?? 8}G`,
    swap: String(spec.swapMb ?? 0),
    tags: spec.tags,
    template: spec.template === true ? '1' : undefined,
    unprivileged: spec.unprivileged === false ? undefined : '1',
    ...spec.config,
  }
  const given: Record<string, string> = {}
  for (const [key, value] of Object.entries(values)) if (value !== undefined) given[key] = value
  return given
}

/** The name that a storage gives to a new volume: a block device, a data set or a directory. */
export function newVolumeId(
  storage: string,
  type: StorageType | undefined,
  { vmid, number }: { vmid: number; number: number },
): string {
  if (type === 'zfspool') return `${storage}:subvol-${vmid}-disk-${number}`
  const isDirectory = type === 'dir' || type === 'nfs' || type === 'btrfs'
  return isDirectory
    ? `${storage}:${vmid}/subvol-${vmid}-disk-${number}.subvol`
    : `${storage}:vm-${vmid}-disk-${number}`
}

/** A network address that no two containers of a host share. */
export function macAddress(vmid: number): string {
  const hex = (vmid % 2 ** 24).toString(16).toUpperCase().padStart(6, '0')
  return `${MAC_PREFIX}:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`
}
