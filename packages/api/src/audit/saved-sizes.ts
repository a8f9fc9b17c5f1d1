import type { AllocationBody, InstallSizeBody } from '@lxc-autoscale/core'

/** By how much less containers have than before the first change; negative when they have more. */
export interface SavedSizes {
  readonly cores: number
  readonly memoryMb: number
}

type Size = Pick<AllocationBody, 'cores' | 'cpulimit' | 'memory_mb'>

/** What is saved of the containers that are `now`; one without a limit, then or now, counts for nothing there. */
export function savedSizes(before: readonly InstallSizeBody[], now: ReadonlyMap<number, Size>): SavedSizes {
  let [cores, memoryMb] = [0, 0]
  for (const { lxc_id: vmid, ...had } of before) {
    const has = now.get(vmid)
    if (has === undefined) continue
    cores += difference(had.cpulimit ?? had.cores, has.cpulimit ?? has.cores)
    memoryMb += difference(had.memory_mb, has.memory_mb)
  }
  return { cores, memoryMb }
}

function difference(had: number | null, has: number | null): number {
  return had === null || has === null ? 0 : had - has
}
