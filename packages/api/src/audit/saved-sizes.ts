import { type AllocationBody, givenCores, type InstallSizeBody } from '@lxc-autoscale/core'

/** By how much less containers have than before the first change; negative when they have more. */
export interface SavedSizes {
  readonly cores: number
  readonly memoryMb: number
}

type Size = Pick<AllocationBody, 'cores' | 'cpulimit' | 'memory_mb'>

/** What is saved of a container that `had` and `has`; nothing where it had no limit, undefined where it has none now. */
export function savedOf(had: Size | undefined, has: Size): { readonly [Key in keyof SavedSizes]: number | undefined } {
  const cores = givenCores(has)
  return {
    cores: cores === undefined ? undefined : (givenCores(had ?? has) ?? cores) - cores,
    memoryMb: has.memory_mb === null ? undefined : (had?.memory_mb ?? has.memory_mb) - has.memory_mb,
  }
}

/** What is saved of all containers that are `now`. */
export function savedSizes(before: readonly InstallSizeBody[], now: ReadonlyMap<number, Size>): SavedSizes {
  const had = new Map(before.map(size => [size.lxc_id, size]))
  const saved = [...now].map(([vmid, has]) => savedOf(had.get(vmid), has))
  const sum = (of: keyof SavedSizes) => saved.reduce((total, each) => total + (each[of] ?? 0), 0)
  return { cores: sum('cores'), memoryMb: sum('memoryMb') }
}
