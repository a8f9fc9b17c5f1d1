import { formatFlatKeyed, parseFlatKeyed } from './flat-keyed.ts'

/** What a container's memory consists of, in bytes. */
export interface MemoryState {
  /** Heap, stacks: can only be swapped. */
  readonly anon: number
  /** Page cache, without shared memory. */
  readonly cache: number
  /** tmpfs and shared memory: counted by the kernel as `file`, yet it can only be swapped. */
  readonly shmem: number
  readonly slabReclaimable: number
  /** Page tables, kernel stacks, unreclaimable slab. */
  readonly kernel: number
  readonly swap: number
}

export const EMPTY_MEMORY: MemoryState = { anon: 0, cache: 0, shmem: 0, slabReclaimable: 0, kernel: 0, swap: 0 }

const PAGE = 4_096
/** Share of the page cache that is on the inactive list. */
const INACTIVE_SHARE = 0.6

/** `memory.current`: everything but swap. */
export function currentBytes(state: MemoryState): number {
  return state.anon + state.cache + state.shmem + state.slabReclaimable + state.kernel
}

/** All figures cut to whole pages, as the kernel accounts them. */
export function inPages(state: MemoryState): MemoryState {
  return {
    anon: pages(state.anon),
    cache: pages(state.cache),
    shmem: pages(state.shmem),
    slabReclaimable: pages(state.slabReclaimable),
    kernel: pages(state.kernel),
    swap: pages(state.swap),
  }
}

function pages(bytes: number): number {
  return Math.max(0, Math.floor(bytes / PAGE) * PAGE)
}

/** `memory.stat` of cgroup v2 (keys and order as Linux 6.12 prints them). */
export function formatMemoryStat(state: MemoryState, faults: number): string {
  const { anon, cache, shmem, slabReclaimable, kernel } = state
  const kernelStack = pages(kernel * 0.2)
  const pagetables = pages(kernel * 0.35)
  const slabUnreclaimable = kernel - kernelStack - pagetables
  const inactiveFile = pages(cache * INACTIVE_SHARE)
  const zero = (...keys: readonly string[]) => keys.map(key => [key, 0] as const)
  return formatFlatKeyed([
    ['anon', anon],
    ['file', cache + shmem],
    ['kernel', kernel + slabReclaimable],
    ['kernel_stack', kernelStack],
    ['pagetables', pagetables],
    ...zero('sec_pagetables', 'percpu', 'sock', 'vmalloc'),
    ['shmem', shmem],
    ['file_mapped', pages(cache * 0.1)],
    ...zero('file_dirty', 'file_writeback', 'swapcached', 'anon_thp', 'file_thp', 'shmem_thp'),
    ['inactive_anon', shmem],
    ['active_anon', anon],
    ['inactive_file', inactiveFile],
    ['active_file', cache - inactiveFile],
    ['unevictable', 0],
    ['slab_reclaimable', slabReclaimable],
    ['slab_unreclaimable', slabUnreclaimable],
    ['slab', slabReclaimable + slabUnreclaimable],
    ...zero('workingset_refault_anon', 'workingset_refault_file', 'pgscan', 'pgsteal'),
    ['pgfault', faults],
    ['pgmajfault', 0],
  ])
}

/** The state that a `memory.stat` and a `memory.swap.current` show. */
export function parseMemoryStat(text: string, swapBytes: number): MemoryState {
  const stat = parseFlatKeyed(text)
  const value = (key: string) => stat.get(key) ?? 0
  return {
    anon: value('anon'),
    cache: value('file') - value('shmem'),
    shmem: value('shmem'),
    slabReclaimable: value('slab_reclaimable'),
    kernel: value('kernel') - value('slab_reclaimable'),
    swap: swapBytes,
  }
}
