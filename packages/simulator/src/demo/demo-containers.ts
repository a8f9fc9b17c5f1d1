import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { ContainerSpec } from '../host/container-spec.ts'
import type { Load, Shape } from '../workload/workload.ts'

const FIRST_VMID = 101
const DAY_SECONDS = MS_PER_DAY / MS_PER_SECOND
const HOUR_SECONDS = MS_PER_HOUR / MS_PER_SECOND

/** Where the leak is to end. */
export const TIERS = { leaky: { names: ['worker*'], max_ram_mb: 1_024 } } as const

/** So long after the demo begins the daily job does, as it did on each day before. */
const JOB_AFTER_SECONDS = 65

/** What a person gave a container, so long before the demo begins. */
export interface Given {
  readonly agoMs: number
  readonly cores: number
  readonly memoryMb: number
  readonly why: string
}

/** What a container did before the demo began, when its load moved as fast as the clock. */
export interface Past {
  readonly shape: Shape
  readonly load: Partial<Load>
  /** It was made so long ago; left out: as long ago as the past reaches. */
  readonly hours?: number
  readonly given?: Given
}

/** A container of the demo: what it is made with, what it does while the demo runs, and what it did before. */
export interface DemoContainer extends ContainerSpec {
  readonly hostname: string
  readonly cores: number
  readonly memoryMb: number
  readonly past: Past
}

type Role = Omit<DemoContainer, 'vmid' | 'load'> & { readonly load: Partial<Load> }

/** When the daily job of a load begins in its period, seconds. */
const JOB_AT_SECONDS = 2 * HOUR_SECONDS
/** The load that takes everything begins after so many seconds of the demo. */
const CRAWLED_AFTER_SECONDS = 8
const CRAWLED_AT_SECONDS = HOUR_SECONDS
/** For so long a container is left alone after a person changed it (the default of `truce_hours`), of which so much is left. */
const TRUCE_MS = 6 * MS_PER_HOUR
const LEFT_ALONE_MS = 55 * MS_PER_SECOND

/** What is named in seconds of the demo depends on how much faster than the clock its loads move. */
function castAt(speed: number): readonly Role[] {
  const job = {
    baseCores: 0.05,
    peakCores: 3.2,
    baseMemoryMb: 200,
    peakMemoryMb: 850,
    cacheMb: 600,
    periodSeconds: DAY_SECONDS,
  }
  const crawled = { baseCores: 0.3, baseMemoryMb: 200, cacheMb: 3_000 }
  const cores = { baseCores: 0.35, peakCores: 0.75 }
  return [
    {
      hostname: 'shop',
      cores: 2,
      memoryMb: 1_024,
      shape: 'ramp',
      load: {
        baseCores: 0.5,
        peakCores: 3.4,
        baseMemoryMb: 420,
        peakMemoryMb: 500,
        periodSeconds: 6_600,
        cacheMb: 100,
      },
      past: { shape: 'diurnal', load: { ...cores, baseMemoryMb: 400, peakMemoryMb: 470, cacheMb: 100 } },
    },
    {
      hostname: 'database',
      cores: 6,
      memoryMb: 6_144,
      shape: 'steady',
      load: { baseCores: 0.8, peakCores: 1.1, baseMemoryMb: 900, peakMemoryMb: 1_000, cacheMb: 400 },
      past: {
        shape: 'steady',
        load: { baseCores: 0.8, peakCores: 1.1, baseMemoryMb: 900, peakMemoryMb: 1_000, cacheMb: 400 },
        hours: 3.2,
      },
    },
    {
      hostname: 'api',
      cores: 3,
      memoryMb: 1_024,
      shape: 'flash-crowd',
      load: { baseCores: 0.3, peakCores: 2.4, baseMemoryMb: 380, peakMemoryMb: 600, periodSeconds: 3_600, cacheMb: 80 },
      past: {
        shape: 'flash-crowd',
        load: {
          baseCores: 0.3,
          peakCores: 2.4,
          baseMemoryMb: 380,
          peakMemoryMb: 600,
          periodSeconds: 14_400,
          cacheMb: 80,
        },
      },
    },
    {
      hostname: 'old-wiki',
      cores: 4,
      memoryMb: 4_096,
      shape: 'idle',
      load: { baseCores: 0.02, peakCores: 0.06, baseMemoryMb: 180, peakMemoryMb: 200, cacheMb: 120 },
      past: {
        shape: 'idle',
        load: { baseCores: 0.02, peakCores: 0.06, baseMemoryMb: 180, peakMemoryMb: 200, cacheMb: 120 },
        hours: 3.2,
      },
    },
    {
      hostname: 'java-app',
      cores: 2,
      memoryMb: 2_048,
      shape: 'jvm-sawtooth',
      load: {
        baseCores: 0.7,
        peakCores: 1.1,
        baseMemoryMb: 900,
        peakMemoryMb: 1_250,
        periodSeconds: 900,
        cacheMb: 100,
      },
      past: {
        shape: 'jvm-sawtooth',
        load: {
          baseCores: 0.7,
          peakCores: 1.1,
          baseMemoryMb: 900,
          peakMemoryMb: 1_400,
          periodSeconds: 700,
          cacheMb: 100,
        },
      },
    },
    {
      hostname: 'worker',
      cores: 1,
      memoryMb: 1_024,
      shape: 'memory-leak',
      load: { baseCores: 0.3, peakCores: 0.5, baseMemoryMb: 680, peakMemoryMb: 930, periodSeconds: 6_000, cacheMb: 50 },
      past: {
        shape: 'jvm-sawtooth',
        load: { baseCores: 0.3, peakCores: 0.5, baseMemoryMb: 300, peakMemoryMb: 700, periodSeconds: 620, cacheMb: 50 },
      },
    },
    {
      hostname: 'backup',
      cores: 2,
      memoryMb: 1_024,
      shape: 'nightly-batch',
      load: { ...job, phaseSeconds: JOB_AT_SECONDS - JOB_AFTER_SECONDS * speed },
      past: { shape: 'nightly-batch', load: { ...job, phaseSeconds: JOB_AT_SECONDS - JOB_AFTER_SECONDS } },
    },
    {
      hostname: 'files',
      cores: 1,
      memoryMb: 1_024,
      shape: 'crawled',
      load: {
        ...crawled,
        peakCores: 1.1,
        peakMemoryMb: 280,
        periodSeconds: DAY_SECONDS,
        phaseSeconds: CRAWLED_AT_SECONDS - CRAWLED_AFTER_SECONDS * speed,
      },
      past: {
        shape: 'cache-heavy',
        load: { ...crawled, peakCores: 0.54, peakMemoryMb: 224, periodSeconds: 600 },
        given: {
          agoMs: TRUCE_MS - LEFT_ALONE_MS,
          cores: 4,
          memoryMb: 4_096,
          why: 'room to build the search index anew',
        },
      },
    },
  ]
}

/** `count` containers of the cast; from the ninth on their names carry a number. */
export function demoContainers(count: number, speed = 60): readonly DemoContainer[] {
  const cast = castAt(speed)
  return Array.from({ length: Math.ceil(count / cast.length) }, (_, round) =>
    cast.map(role => (round === 0 ? role : { ...role, hostname: `${role.hostname}-${round + 1}` })),
  )
    .flat()
    .slice(0, count)
    .map((role, at) => ({ ...role, vmid: FIRST_VMID + at }))
}

/** A host that has room for all of them, but not for the peaks of all at once. */
export function demoHostSize(count: number): { readonly hostCores: number; readonly hostMemoryMb: number } {
  return { hostCores: Math.max(8, Math.ceil(count * 1.5)), hostMemoryMb: Math.max(16_384, count * 3_072) }
}
