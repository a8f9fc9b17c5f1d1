/** Bytes in one MB, as the kernel's files count. */
export const KERNEL_MB = 1_048_576
/** What a counter of pages shows that went four pages below zero. */
export const UNDERFLOW = '18446744073709535232'

export interface KernelMemory {
  /** All of it anonymous. */
  readonly usedMb: number
  /** Keys of memory.stat with another value. */
  readonly stat?: Readonly<Record<string, string | number>>
}

/** The memory files of a container that has no page cache, on cgroup v2. */
export function kernelFiles(memory: KernelMemory): Readonly<Record<string, string>> {
  return {
    'memory.current': `${Math.round((memory.usedMb + 1.1) * KERNEL_MB)}\n`,
    'memory.stat': memoryStat(memory),
  }
}

/** memory.stat of kernel 6.8 with the keys that matter. */
export function memoryStat({ usedMb, stat = {} }: KernelMemory): string {
  const anon = Math.round(usedMb * KERNEL_MB)
  const values = {
    anon,
    file: 0,
    kernel: 1_077_248,
    kernel_stack: 159_744,
    pagetables: 282_624,
    sec_pagetables: 0,
    percpu: 0,
    sock: 0,
    vmalloc: 0,
    shmem: 0,
    inactive_anon: 0,
    active_anon: anon,
    inactive_file: 0,
    active_file: 0,
    unevictable: 0,
    slab_reclaimable: 262_144,
    slab_unreclaimable: 372_736,
    ...stat,
  }
  return Object.entries(values)
    .map(([key, value]) => `${key} ${value}\n`)
    .join('')
}

/** memory.events or memory.events.local; what is left out is 0. */
export function memoryEvents(counts: Readonly<Record<string, number>>): string {
  const values = { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0, ...counts }
  return Object.entries(values)
    .map(([key, value]) => `${key} ${value}\n`)
    .join('')
}
