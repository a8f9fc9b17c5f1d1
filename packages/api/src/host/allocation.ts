/** What a container has. Undefined: none set, or not known. */
export interface Limits {
  /** Whole cores (the CPU set). */
  readonly cores: number | undefined
  /** Cores by quota. */
  readonly cpuLimit: number | undefined
  readonly memoryMb: number | undefined
  readonly swapMb: number | undefined
}

export const NO_LIMITS: Limits = {
  cores: undefined,
  cpuLimit: undefined,
  memoryMb: undefined,
  swapMb: undefined,
}

/** MB that a container without the key `memory` has. Source: pct manual, option `memory`. */
export const DEFAULT_MEMORY_MB = 512
