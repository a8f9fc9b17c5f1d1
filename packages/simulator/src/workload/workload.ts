import { readFileSync } from 'node:fs'
import { MS_PER_DAY, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { replaceJson } from '../files/json-file.ts'

export const SHAPES = [
  'idle',
  'steady',
  'diurnal',
  'ramp',
  'flash-crowd',
  'nightly-batch',
  'memory-leak',
  'jvm-sawtooth',
  'cache-heavy',
  'crawled',
] as const
export type ShapeName = (typeof SHAPES)[number]
/** A built-in shape, or a trace in a file. */
export type Shape = ShapeName | `trace:${string}`

/** Between what a workload moves, and how fast. Times are in the workload's own seconds. */
export interface Load {
  readonly baseCores: number
  readonly peakCores: number
  /** Memory that cannot be reclaimed. */
  readonly baseMemoryMb: number
  readonly peakMemoryMb: number
  /** Files that are read again and again: what the page cache would hold if it could. */
  readonly cacheMb: number
  readonly shmemMb: number
  readonly periodSeconds: number
  /** Shifts the shape; 0 begins at its start (midnight for daily ones). */
  readonly phaseSeconds: number
}

/** What runs in a container. It does not change when the container gets more or less. */
export interface Workload {
  readonly shape: Shape
  readonly seed: number
  /** Processes beside the init. */
  readonly processes: number
  readonly hasSystemd: boolean
  readonly load: Load
  readonly innerLimit?: InnerLimit
}

/** A service inside a container that is killed again and again within a limit of its own, whatever the container has. */
export interface InnerLimit {
  readonly memoryMb: number
  readonly killEverySeconds: number
}

const DAY_SECONDS = MS_PER_DAY / MS_PER_SECOND

/** Shares of the cores and the memory that a container is made with: between what its load moves by default. */
const USUAL: Readonly<Record<ShapeName, { cores: Span; memory: Span; cache: number; periodSeconds: number }>> = {
  idle: { cores: [0.01, 0.04], memory: [0.1, 0.12], cache: 0.1, periodSeconds: 600 },
  steady: { cores: [0.5, 0.6], memory: [0.48, 0.52], cache: 0.3, periodSeconds: 600 },
  diurnal: { cores: [0.08, 0.95], memory: [0.35, 0.75], cache: 0.3, periodSeconds: DAY_SECONDS },
  ramp: { cores: [0.1, 1.4], memory: [0.3, 1.1], cache: 0.1, periodSeconds: 7_200 },
  'flash-crowd': { cores: [0.15, 2], memory: [0.35, 0.85], cache: 0.2, periodSeconds: 14_400 },
  'nightly-batch': { cores: [0.03, 1.2], memory: [0.2, 0.8], cache: 0.5, periodSeconds: DAY_SECONDS },
  'memory-leak': { cores: [0.2, 0.25], memory: [0.3, 2], cache: 0.1, periodSeconds: 21_600 },
  'jvm-sawtooth': { cores: [0.3, 0.5], memory: [0.4, 0.8], cache: 0.1, periodSeconds: 300 },
  'cache-heavy': { cores: [0.25, 0.35], memory: [0.2, 0.22], cache: 2, periodSeconds: 600 },
  crawled: { cores: [0.25, 0.35], memory: [0.2, 0.22], cache: 2, periodSeconds: DAY_SECONDS },
}
type Span = readonly [base: number, peak: number]

/** The load that suits a container made with `cores` and `memoryMb`; a trace needs none of it but its phase. */
export function usualLoad(shape: Shape, cores: number, memoryMb: number): Load {
  const usual = USUAL[isBuiltIn(shape) ? shape : 'steady']
  return {
    baseCores: usual.cores[0] * cores,
    peakCores: usual.cores[1] * cores,
    baseMemoryMb: usual.memory[0] * memoryMb,
    peakMemoryMb: usual.memory[1] * memoryMb,
    // A trace says nothing of the page cache; little of it keeps the kernel's own memory for it small.
    cacheMb: (isBuiltIn(shape) ? usual.cache : 0.1) * memoryMb,
    shmemMb: 0.01 * memoryMb,
    periodSeconds: usual.periodSeconds,
    phaseSeconds: 0,
  }
}

/** Whether the shape is not a trace. @throws {RangeError} when it is neither. */
export function isBuiltIn(shape: Shape): shape is ShapeName {
  if (shape.startsWith('trace:')) return false
  if (SHAPES.some(name => name === shape)) return true
  throw new RangeError(`shape '${shape}' is not one of ${SHAPES.join(', ')} and trace:FILE`)
}

/** The workload of a container. @throws {Error} when nobody ever gave it one. */
export function readWorkload(paths: HostPaths, vmid: number): Workload {
  return JSON.parse(readFileSync(workloadFile(paths, vmid), 'utf8'))
}

export function writeWorkload(paths: HostPaths, vmid: number, workload: Workload): void {
  replaceJson(workloadFile(paths, vmid), workload)
}

export function workloadFile(paths: HostPaths, vmid: number): string {
  return `${paths.workloads}/${vmid}.json`
}
