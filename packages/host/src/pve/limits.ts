/** What a container has by its limits. Undefined: none set, or not known. */
export interface Limits {
  /** Whole cores (the CPU set). */
  readonly cores: number | undefined
  /** Cores by quota. */
  readonly cpuLimit: number | undefined
  readonly memoryMb: number | undefined
  readonly swapMb: number | undefined
}

export const NO_LIMITS: Limits = { cores: undefined, cpuLimit: undefined, memoryMb: undefined, swapMb: undefined }
