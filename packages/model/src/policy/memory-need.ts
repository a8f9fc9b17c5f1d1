import type { LocalSample } from './decision.ts'

/**
 * What a container needs, MB: what it uses or cannot give up, and what it has swapped out, which would be in memory if there
 * were room. Undefined when its use is not known; swap that is not measured counts as none.
 */
export function memoryNeedMb({
  memoryUsageMb,
  memoryFloorMb,
  swapUsageMb,
}: Pick<LocalSample, 'memoryUsageMb' | 'memoryFloorMb' | 'swapUsageMb'>): number | undefined {
  return memoryUsageMb === undefined ? undefined : Math.max(memoryFloorMb ?? 0, memoryUsageMb) + (swapUsageMb ?? 0)
}
