const MB = 1_048_576

/**
 * The limits that Proxmox writes for `memory` MiB: `high` a little (0.8 %, at most 128 MiB) below `max`.
 * Source: pve-container, LXC/Config.pm, calculate_memory_constraints.
 */
export function memoryConstraints(memoryMb: number): { readonly maxBytes: number; readonly highBytes: number } {
  const highBytes = memoryMb >= 16 * 1_024 ? (memoryMb - 128) * MB : memoryMb * 1_024 * 1_016
  return { maxBytes: memoryMb * MB, highBytes }
}
