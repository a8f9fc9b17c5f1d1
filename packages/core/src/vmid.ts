import { z } from 'zod'

/** Smallest and largest container number that Proxmox accepts. Source: PVE::JSONSchema `pve-vmid`. */
export const MIN_VMID = 100
export const MAX_VMID = 999_999_999

/** The number of a container. */
export const Vmid = z.int().min(MIN_VMID).max(MAX_VMID)
export type Vmid = z.output<typeof Vmid>

const VMID_PATTERN = /^[1-9][0-9]{2,8}$/

/** The container number that `text` spells in plain decimal digits, undefined when it spells none. */
export function parseVmid(text: string): Vmid | undefined {
  return VMID_PATTERN.test(text) ? Number(text) : undefined
}
