import { type BigIntStats, statSync } from 'node:fs'
import type { HostFiles } from '@lxc-autoscale/host'

/** Where Proxmox keeps the locks of containers. Source: PVE::LXC::Config, config_file_lock. */
const LOCK_FOLDER = '/run/lock/lxc'

/** Tells whether somebody holds the lock under which Proxmox changes a container. False where that cannot be seen. */
export function openConfigLock(files: HostFiles, proc: string): (vmid: number) => boolean {
  return vmid => {
    const file = statSync(`${LOCK_FOLDER}/pve-config-${vmid}.lock`, { throwIfNoEntry: false, bigint: true })
    return file !== undefined && isHeld(files.readText(`${proc}/locks`) ?? '', file)
  }
}

/** Whether a text of /proc/locks names a lock of the file. Source: fs/locks.c, lock_get_status; makedev(3). */
export function isHeld(locks: string, { dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): boolean {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn)
  const place = `${hex(major)}:${hex(minor)}:${ino}`
  return locks.split('\n').some(line => line.split(/\s+/).includes(place))
}

function hex(part: bigint): string {
  return part.toString(16).padStart(2, '0')
}
