/** What `memory.stat` of one container says. */
export interface MemoryStat {
  readonly stat: ReadonlyMap<string, number>
  /** Whether it is of cgroup v2. */
  readonly isUnified: boolean
  /** `memory.kmem.usage_in_bytes` of cgroup v1, whose `memory.stat` leaves the kernel's memory out. */
  readonly kernelBytes: number | undefined
}

/** Keys of cgroup v2 that older kernels do not have. */
const UNIFIED_OPTIONAL = ['unevictable', 'sec_pagetables', 'percpu', 'sock', 'vmalloc'] as const

/**
 * Memory that the kernel cannot take away, bytes: what processes hold (anonymous and shared memory, whether or not there is
 * swap for it), what is locked, and the kernel's own for them. Undefined when the figures are not complete.
 * Source: kernel, Documentation/admin-guide/cgroup-v2.rst, memory.stat; cgroup-v1/memory.rst, section 5.2.
 */
export function memoryFloorBytes({ stat, isUnified, kernelBytes }: MemoryStat): number | undefined {
  return isUnified ? unified(stat) : version1(stat, kernelBytes)
}

function unified(stat: ReadonlyMap<string, number>): number | undefined {
  const held = sum(stat, ['anon', 'shmem'])
  const kernel = sum(stat, ['slab_unreclaimable', 'kernel_stack', 'pagetables'])
  if (held === undefined || kernel === undefined) return undefined
  return UNIFIED_OPTIONAL.reduce((total, key) => total + (stat.get(key) ?? 0), held + kernel)
}

function version1(stat: ReadonlyMap<string, number>, kernelBytes: number | undefined): number | undefined {
  const anonymous = stat.get('total_rss')
  if (anonymous === undefined) return undefined
  return anonymous + (stat.get('total_shmem') ?? 0) + (stat.get('total_unevictable') ?? 0) + (kernelBytes ?? 0)
}

function sum(stat: ReadonlyMap<string, number>, keys: readonly string[]): number | undefined {
  return keys.reduce<number | undefined>((total, key) => {
    const value = stat.get(key)
    return total === undefined || value === undefined ? undefined : total + value
  }, 0)
}
