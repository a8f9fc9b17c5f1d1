import { z } from 'zod'
import { MAX_VMID, MIN_VMID } from '../vmid.ts'

/**
 * The HTTP contract between model and API (and everybody else who calls the API). Field names are those on the wire.
 */

/** An integer that comes as a JSON number or as a string of decimal digits, nothing else. */
export function wireInteger(min: number, max: number) {
  const wrong = `must be an integer from ${min} to ${max}`
  return z
    .union([z.number(wrong), z.string(wrong).regex(/^(0|[1-9]\d*)$/, wrong)], wrong)
    .transform(Number)
    .pipe(z.number(wrong).int(wrong).min(min, wrong).max(max, wrong))
}

export const WireVmid = wireInteger(MIN_VMID, MAX_VMID).describe('Number of the container.')
/** Whole cores. Source of the range: pct manual, option `cores`. */
export const WireCores = wireInteger(1, 8_192).describe('Cores.')
export const WireMemoryMb = wireInteger(64, 1_048_576).describe('Memory limit, MB (2^20 bytes).')
/** Cores by quota, in steps of a hundredth. Source of the range: pct manual, option `cpulimit`; below 0.01 the kernel refuses. */
export const WireCpuLimit = z.number().min(0.05).max(8_192).multipleOf(0.01).describe('Cores by quota (cpulimit).')

/** What a caller believed the container has; a change is refused when it has something else. `null`: not set. */
export const Expected = z
  .object({
    cores: WireCores.nullable().optional(),
    cpulimit: WireCpuLimit.nullable().optional(),
    memory: WireMemoryMb.nullable().optional(),
  })
  .describe('Allocation from which the caller decided; 409 if the container has another one.')

/** Why somebody changes something, for the audit log. */
export const WhyText = z.string().max(2_000).describe('Why, in words; kept in the audit log.')

const change = {
  reason: WhyText.optional(),
  force: z.boolean().optional().describe('Skip the safety rules; needs an admin key.'),
}

export const ScaleCoresRequest = z.object({
  lxc_id: WireVmid,
  cores: WireCores,
  ...change,
})
export const ScaleRamRequest = z.object({
  lxc_id: WireVmid,
  memory: WireMemoryMb,
  ...change,
})
export const ScaleResourcesRequest = z
  .object({
    lxc_id: WireVmid,
    cores: WireCores.optional(),
    cpulimit: WireCpuLimit.optional(),
    memory: WireMemoryMb.optional(),
    expected: Expected.optional(),
    ...change,
  })
  .refine(
    ({ cores, cpulimit, memory }) => cores !== undefined || cpulimit !== undefined || memory !== undefined,
    'name at least one of cores, cpulimit and memory',
  )
export type ScaleResourcesRequest = z.input<typeof ScaleResourcesRequest>

/** What a container has. `null`: Proxmox has none set, or it is not known. */
export const AllocationBody = z.object({
  cores: z.number().nullable().describe('Whole cores; null: all of the host.'),
  cpulimit: z.number().nullable().describe('Cores by quota; null: none.'),
  memory_mb: z.number().nullable(),
  swap_mb: z.number().nullable(),
})
export type AllocationBody = z.output<typeof AllocationBody>

/** `GET /resource/lxc/config` and one element of `GET /resource/lxc/configs`. */
export const ContainerConfigBody = AllocationBody.extend({
  lxc_id: z.number(),
  vm_id: z.number().describe('The same as lxc_id, for callers of the Python predecessor.'),
  name: z.string().nullable(),
  status: z.enum(['running', 'stopped', 'unknown']),
  in_force: AllocationBody.describe('What the kernel enforces at this moment; null where it cannot be read.'),
  lock: z.string().nullable().describe('The lock that Proxmox holds (backup, snapshot, ...).'),
  ha_managed: z.boolean().nullable(),
  template: z.boolean(),
  tags: z.array(z.string()),
  uptime_seconds: z.number().nullable(),
})
export type ContainerConfigBody = z.output<typeof ContainerConfigBody>

/** `GET /resource/lxc/configs`. A container that cannot be read stands in `failed`, never in `containers`. */
export const ContainerConfigsBody = z.object({
  containers: z.array(ContainerConfigBody),
  failed: z.array(z.object({ lxc_id: z.number(), error: z.string(), message: z.string() })),
})
export type ContainerConfigsBody = z.output<typeof ContainerConfigsBody>

/** What a change answers in `data`. */
export const ChangeBody = z.object({
  lxc_id: z.number(),
  before: AllocationBody,
  after: AllocationBody,
  changed: z.boolean().describe('False when the container had it already and pct was not run.'),
})
export type ChangeBody = z.output<typeof ChangeBody>

/** Every success. */
export function successBody<Data extends z.ZodType>(data: Data) {
  return z.object({ status: z.literal('success'), message: z.string(), data })
}

/** Every failure; further fields may stand beside these. */
export const ErrorBody = z.looseObject({
  status: z.literal('error'),
  error: z.string(),
  message: z.string(),
})
export type ErrorBody = z.output<typeof ErrorBody>
