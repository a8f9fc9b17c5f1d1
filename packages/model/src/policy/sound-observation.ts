import type { Observation } from './decision.ts'

const FIGURES = [
  'cpuCoresUsed',
  'cpuThrottledPercent',
  'cpuPressurePercent',
  'memoryUsedMb',
  'memoryFloorMb',
  'swapUsedMb',
  'memoryPressurePercent',
  'memoryHighEvents',
  'memoryMaxEvents',
  'oomKills',
] as const

/** The observation without figures that cannot be (negative, not finite): those are not known. */
export function soundObservation(observation: Observation): Observation {
  let sound = observation
  for (const figure of FIGURES) {
    if (!isSound(observation[figure])) sound = { ...sound, [figure]: undefined }
  }
  const { cores, memoryMb } = observation.allocation
  if (isSound(cores) && isSound(memoryMb)) return sound
  return { ...sound, allocation: { cores: soundOrUnknown(cores), memoryMb: soundOrUnknown(memoryMb) } }
}

function isSound(value: number | undefined): boolean {
  return value === undefined || (value >= 0 && value < Number.POSITIVE_INFINITY)
}

function soundOrUnknown(value: number | undefined): number | undefined {
  return isSound(value) ? value : undefined
}
