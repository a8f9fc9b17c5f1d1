import { BYTES_PER_GB, BYTES_PER_MB } from '@lxc-autoscale/core/units'
import type { StorageType } from '../host/settings.ts'

const BLOCK_BYTES = 4_096
const BLOCKS_PER_INODE = 4

/** What the programs below Proxmox print while it works on a volume; a task lets it through to stdout. */
export interface VolumePrint {
  readonly type: StorageType | undefined
  readonly volid: string
  readonly bytes: number
}

/** `pve/vm-100-disk-0` of `local-lvm:vm-100-disk-0`. */
export function logicalName(volid: string): string {
  return `pve/${volid.slice(volid.indexOf(':') + 1)}`
}

/** Whether a volume is a block device with an ext4 on it, and not a directory. */
export function isRaw(type: StorageType | undefined): boolean {
  return type === 'lvmthin' || type === 'lvm' || type === 'rbd'
}

/** lvcreate or lvremove, of a volume or of a snapshot of it. */
export function lvmLine(
  { type, volid }: VolumePrint,
  done: 'created' | 'successfully removed',
  snapshot?: string,
): string {
  if (type !== 'lvmthin' && type !== 'lvm') return ''
  const name = logicalName(volid).slice('pve/'.length)
  return `  Logical volume "${snapshot === undefined ? name : `snap_${name}_${snapshot}`}" ${done}.\n`
}

/** mkfs.ext4 of a new volume. */
export function makeLines({ type, bytes }: VolumePrint): string {
  if (!isRaw(type)) return ''
  const blocks = Math.trunc(bytes / BLOCK_BYTES)
  return [
    `Creating filesystem with ${blocks} 4k blocks and ${Math.trunc(blocks / BLOCKS_PER_INODE)} inodes`,
    'Filesystem UUID: 5b9d1f6c-2f0e-4f7b-9d61-0a4f5f4b7c11',
    'Superblock backups stored on blocks: ',
    '\t32768, 98304, 163840, 229376, 294912, 819200, 884736, 1605632',
    '',
  ].join('\n')
}

/** The beginning and the end of what rsync --stats says of a copy. */
export const COPY_LINES = `
Number of files: 18,513 (reg: 13,721, dir: 2,185, link: 2,582, special: 25)
Total transferred file size: 740,996,309 bytes

sent 742,131,422 bytes  received 281,734 bytes  114,217,408.62 bytes/sec
total size is 741,028,117  speedup is 1.00
`

/** lvextend to `bytes`. */
export function extendLines({ type, volid, bytes }: VolumePrint, beforeBytes: number): string {
  if (type !== 'lvmthin' && type !== 'lvm') return ''
  const size = (value: number) =>
    `${(value / BYTES_PER_GB).toFixed(2)} GiB (${Math.ceil(value / BYTES_PER_MB / 4)} extents)`
  const name = logicalName(volid)
  return `  Size of logical volume ${name} changed from ${size(beforeBytes)} to ${size(bytes)}.\n  Logical volume ${name} successfully resized.\n`
}

/** e2fsck, when nothing has it mounted, and resize2fs. */
export function growLines({ type, volid, bytes }: VolumePrint, isMounted: boolean): string {
  if (!isRaw(type)) return ''
  const device = `/dev/${logicalName(volid)}`
  const check = [
    'Pass 1: Checking inodes, blocks, and sizes',
    'Pass 2: Checking directory structure',
    'Pass 3: Checking directory connectivity',
    'Pass 4: Checking reference counts',
    'Pass 5: Checking group summary information',
    `${device}: 22041/524288 files (0.1% non-contiguous), 281934/2097152 blocks`,
    'resize2fs 1.47.2 (1-Jan-2025)',
    `Resizing the filesystem on ${device} to ${Math.trunc(bytes / BLOCK_BYTES)} (4k) blocks.`,
  ]
  const online = [
    'resize2fs 1.47.2 (1-Jan-2025)',
    `Filesystem at ${device} is mounted on /tmp; on-line resizing required`,
    'old_desc_blocks = 1, new_desc_blocks = 2',
  ]
  const end = `The filesystem on ${device} is now ${Math.trunc(bytes / BLOCK_BYTES)} (4k) blocks long.\n\n`
  return `${(isMounted ? online : ['e2fsck 1.47.2 (1-Jan-2025)', ...check]).join('\n')}\n${end}`
}
