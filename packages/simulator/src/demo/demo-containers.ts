import type { ContainerSpec } from '../host/container-spec.ts'

const FIRST_VMID = 101

/**
 * Containers as one finds them on a host: some have too little, some have far too much. Loads move so that, at the usual
 * speed of 60, each shows what it does within a minute.
 */
const CAST: readonly Omit<ContainerSpec, 'vmid'>[] = [
  {
    hostname: 'shop',
    shape: 'ramp',
    cores: 1,
    memoryMb: 1_024,
    load: {
      baseCores: 0.5,
      peakCores: 3.4,
      baseMemoryMb: 420,
      peakMemoryMb: 1_500,
      periodSeconds: 3_000,
      cacheMb: 100,
    },
  },
  {
    hostname: 'database',
    shape: 'steady',
    cores: 6,
    memoryMb: 6_144,
    load: { baseCores: 0.8, peakCores: 1.1, baseMemoryMb: 900, peakMemoryMb: 1_000, cacheMb: 400 },
  },
  {
    hostname: 'api',
    shape: 'flash-crowd',
    cores: 2,
    memoryMb: 1_024,
    load: { baseCores: 0.3, peakCores: 4.5, baseMemoryMb: 380, peakMemoryMb: 1_100, periodSeconds: 2_400, cacheMb: 80 },
  },
  {
    hostname: 'old-wiki',
    shape: 'idle',
    cores: 4,
    memoryMb: 4_096,
    load: { baseCores: 0.02, peakCores: 0.06, baseMemoryMb: 180, peakMemoryMb: 200, cacheMb: 120 },
  },
  {
    hostname: 'java-app',
    shape: 'jvm-sawtooth',
    cores: 2,
    memoryMb: 2_048,
    load: { baseCores: 0.7, peakCores: 1.1, baseMemoryMb: 900, peakMemoryMb: 1_500, periodSeconds: 900, cacheMb: 100 },
  },
  {
    hostname: 'worker',
    shape: 'memory-leak',
    cores: 2,
    memoryMb: 512,
    load: { baseCores: 0.3, peakCores: 0.5, baseMemoryMb: 250, peakMemoryMb: 1_400, periodSeconds: 3_600, cacheMb: 50 },
  },
  {
    hostname: 'backup',
    shape: 'nightly-batch',
    cores: 2,
    memoryMb: 1_024,
    load: { baseCores: 0.05, peakCores: 3, baseMemoryMb: 200, peakMemoryMb: 850, periodSeconds: 4_800, cacheMb: 600 },
  },
  {
    hostname: 'files',
    // At the usual speed every 15 seconds: what happens within a limit inside is no reason to grow the container.
    innerLimit: { memoryMb: 64, killEverySeconds: 900 },
    shape: 'cache-heavy',
    cores: 2,
    memoryMb: 1_024,
    load: { baseCores: 0.3, peakCores: 0.6, baseMemoryMb: 200, peakMemoryMb: 220, cacheMb: 3_000 },
  },
]

/** `count` containers of the cast; from the ninth on their names carry a number. */
export function demoContainers(count: number): readonly ContainerSpec[] {
  return Array.from({ length: count }, (_, at) => {
    const role = CAST[at % CAST.length] ?? { shape: 'idle' as const, hostname: 'idle' }
    const round = Math.trunc(at / CAST.length)
    const hostname = round === 0 ? role.hostname : `${role.hostname}-${round + 1}`
    return { ...role, vmid: FIRST_VMID + at, ...(hostname === undefined ? {} : { hostname }) }
  })
}

/** A host that has room for all of them, but not for the peaks of all at once. */
export function demoHostSize(count: number): { readonly hostCores: number; readonly hostMemoryMb: number } {
  return { hostCores: Math.max(8, Math.ceil(count * 1.5)), hostMemoryMb: Math.max(16_384, count * 3_072) }
}
