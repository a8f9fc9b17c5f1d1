import type { AllocationChange, ConfiguredAllocation } from '../client/allocation-change.ts'
import type { Allocation, Decision } from '../policy/decision.ts'

/** Whether cores are given as whole `cores` or by quota. */
export type CpuUnit = 'cores' | 'cpulimit'

export interface SizingBasis {
  readonly cpuUnit: CpuUnit
  /** A container without `cores` has all of these. */
  readonly hostCores: number | undefined
}

/**
 * What a container is allowed, as the policy counts it. Cores are not known when whole cores are to be sized and a
 * smaller quota stands beside them: somebody limited it by other means, and more cores would not give it more.
 */
export function allocationOf(configured: ConfiguredAllocation, { cpuUnit, hostCores }: SizingBasis): Allocation {
  const memoryMb = configured.memoryMb ?? undefined
  const whole = configured.cores ?? hostCores
  const quota = configured.cpuLimit ?? undefined
  if (quota === undefined) return { cores: whole, memoryMb }
  if (cpuUnit === 'cpulimit') return { cores: Math.min(quota, whole ?? quota), memoryMb }
  return { cores: whole !== undefined && quota >= whole ? whole : undefined, memoryMb }
}

/** What `decision` sets. A quota above the whole cores of a container needs more of those as well. */
export function settingOf(
  decision: Decision,
  configured: ConfiguredAllocation,
  cpuUnit: CpuUnit,
): AllocationChange['set'] {
  const cores = decision.cores === 'keep' ? undefined : decision.to.cores
  const memoryMb = decision.memory === 'keep' ? undefined : decision.to.memoryMb
  const memory = memoryMb === undefined ? {} : { memoryMb: Math.round(memoryMb) }
  if (cores === undefined) return memory
  if (cpuUnit === 'cores') return { ...memory, cores: Math.round(cores) }
  const cpuLimit = Math.round(cores * 100) / 100
  const isShortOfCores = configured.cores !== null && configured.cores < cpuLimit
  return { ...memory, cpuLimit, ...(isShortOfCores ? { cores: Math.ceil(cpuLimit) } : {}) }
}
