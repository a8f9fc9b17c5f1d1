import { z } from 'zod'

/** What Proxmox has configured of a container. `null`: none set; `undefined`: not told, and then it is like anything. */
export const Limits = z.object({
  cores: z.number().nullable().optional(),
  cpuLimit: z.number().nullable().optional(),
  memoryMb: z.number().nullable().optional(),
  swapMb: z.number().nullable().optional(),
})
export type Limits = Readonly<z.output<typeof Limits>>

/** Whether two say the same as far as both are told. */
export function isSameLimits(a: Limits, b: Limits): boolean {
  return (
    isSameValue(a.cores, b.cores) &&
    isSameValue(a.cpuLimit, b.cpuLimit) &&
    isSameValue(a.memoryMb, b.memoryMb) &&
    isSameValue(a.swapMb, b.swapMb)
  )
}

function isSameValue(a: number | null | undefined, b: number | null | undefined): boolean {
  return a === undefined || b === undefined || a === b || (a !== null && b !== null && Math.abs(a - b) < 1e-6)
}

/** `limits` with what is told of `newer`. */
export function withTold(limits: Limits, newer: Limits): Limits {
  return {
    cores: newer.cores === undefined ? limits.cores : newer.cores,
    cpuLimit: newer.cpuLimit === undefined ? limits.cpuLimit : newer.cpuLimit,
    memoryMb: newer.memoryMb === undefined ? limits.memoryMb : newer.memoryMb,
    swapMb: newer.swapMb === undefined ? limits.swapMb : newer.swapMb,
  }
}
