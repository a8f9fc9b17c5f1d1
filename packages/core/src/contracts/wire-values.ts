import { z } from 'zod'
import { visibleText } from '../visible-text.ts'
import { MAX_VMID, MIN_VMID } from '../vmid.ts'

/** Values that several requests and answers of the API hold. Field names are those on the wire. */

/** An integer that comes as a JSON number or as a string of decimal digits, nothing else. */
export function wireInteger(min: number, max: number) {
  const wrong = `must be an integer from ${min} to ${max}`
  return z
    .union([z.int(wrong).min(min).max(max), z.string(wrong).regex(/^(0|[1-9]\d*)$/)], wrong)
    .transform(Number)
    .pipe(z.number(wrong).int(wrong).min(min, wrong).max(max, wrong))
}

export const WireVmid = wireInteger(MIN_VMID, MAX_VMID).describe('Number of the container.')
/** Whole cores. Source of the range: pct manual, option `cores`. */
export const WireCores = wireInteger(1, 8_192).describe('Cores.')
export const WireMemoryMb = wireInteger(64, 1_048_576).describe('Memory limit, MB (2^20 bytes).')
/** Cores by quota, in steps of a hundredth. Source of the range: pct manual, option `cpulimit`; below 0.01 the kernel refuses. */
export const WireCpuLimit = z.number().min(0.05).max(8_192).multipleOf(0.01).describe('Cores by quota (cpulimit).')

/** Longest reason for a change, in characters as it is shown. */
export const MAX_REASON_CHARACTERS = 500

/** Why somebody changes something, for the audit log. */
export const WhyText = z
  .string()
  .refine(
    text => visibleText(text).length <= MAX_REASON_CHARACTERS,
    `must have at most ${MAX_REASON_CHARACTERS} characters, of which one that cannot be seen counts as up to six`,
  )
  .describe(`Why, in at most ${MAX_REASON_CHARACTERS} characters; kept in the audit log.`)

/** What a container has. `null`: Proxmox has none set, or it is not known. */
export const AllocationBody = z.object({
  cores: z.number().nullable().describe('Whole cores; null: all of the host.'),
  cpulimit: z.number().nullable().describe('Cores by quota; null: none.'),
  memory_mb: z.number().nullable(),
  swap_mb: z.number().nullable(),
})
export type AllocationBody = z.output<typeof AllocationBody>
