import { BYTES_PER_MB, KIB_PER_MB, MB_PER_GB } from '@lxc-autoscale/core/units'
/**
 * The limits that Proxmox writes for `memory` MiB: `high` a little (0.8 %, at most 128 MiB) below `max`.
 * Source: pve-container, LXC/Config.pm, calculate_memory_constraints.
 */
export function memoryConstraints(memoryMb: number): { readonly maxBytes: number; readonly highBytes: number } {
  const highBytes = memoryMb >= 16 * MB_PER_GB ? (memoryMb - 128) * BYTES_PER_MB : memoryMb * KIB_PER_MB * 1_016
  return { maxBytes: memoryMb * BYTES_PER_MB, highBytes }
}
