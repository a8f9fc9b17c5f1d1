import { BYTES_PER_MB } from '@lxc-autoscale/core'
import { flatKeyed, parseSingleValue } from '@lxc-autoscale/host'
import type { ContainerRun } from '../host/container-run.ts'
import type { Collector, Source } from './collector.ts'

/** Bytes. */
export interface MemoryReading {
  readonly usedBytes: number | undefined
  readonly floorBytes: number | undefined
  /** Infinity without a limit. */
  readonly limitBytes: number | undefined
}

export interface MemoryMetrics {
  readonly memoryUsageMb: number | undefined
  readonly memoryLimitMb: number | undefined
  readonly memoryFloorMb: number | undefined
}

/**
 * What is in use is everything but the page cache; shared memory and tmpfs stand in the page cache for the kernel, but
 * are in use. The floor is what reclaim cannot take away: pages on the anonymous and the unevictable lists and the
 * kernel's own memory. Swap could take the anonymous ones, but it may be full, so they count.
 * Source: Linux, admin-guide/cgroup-v2.rst, memory.stat; admin-guide/cgroup-v1/memory.rst.
 */
export const memory: Collector<MemoryReading, MemoryMetrics> = {
  open: run => (run.layout.kind === 'unified' ? openUnified(run) : openLegacy(run)),

  derive({ current: { usedBytes, limitBytes, floorBytes } }) {
    return {
      memoryUsageMb: inMb(usedBytes),
      memoryLimitMb: limitBytes === Number.POSITIVE_INFINITY ? undefined : inMb(limitBytes),
      memoryFloorMb: inMb(floorBytes),
    }
  },
}

function inMb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / BYTES_PER_MB
}

const parseUnifiedStat = flatKeyed([
  'anon',
  'file',
  'shmem',
  'inactive_anon',
  'active_anon',
  'unevictable',
  'slab_unreclaimable',
  'slab_reclaimable',
  'kernel',
  'kernel_stack',
  'pagetables',
  'sock',
])

function openUnified(run: ContainerRun): Source<MemoryReading> {
  const current = run.file('memory', 'memory.current')
  const stat = run.file('memory', 'memory.stat')
  const limit = run.file('memory', 'memory.max')
  return () => {
    const currentBytes = current?.read(parseSingleValue)
    const values = stat?.read(parseUnifiedStat)
    const [, file, shmem] = values ?? []
    const floorBytes = values === undefined ? undefined : unifiedFloorBytes(values)
    return {
      usedBytes: usedBytes(currentBytes, { cache: file, shmem, floor: floorBytes }),
      floorBytes,
      limitBytes: limit?.read(parseSingleValue),
    }
  }
}

interface CacheParts {
  readonly cache: number | undefined
  readonly shmem: number | undefined
  readonly floor: number | undefined
}

/**
 * The kernel sums up memory.stat now and then, so its page cache can be more than what memory.current counted; what cannot be
 * reclaimed is in use in any case.
 */
function usedBytes(current: number | undefined, { cache, shmem, floor }: CacheParts): number | undefined {
  if (current === undefined || cache === undefined || shmem === undefined) return undefined
  return Math.max(current - cache + shmem, floor ?? 0)
}

/**
 * Kernels before 5.18 have no `kernel` line; there the parts that it sums up and that matter are added.
 */
function unifiedFloorBytes(values: readonly (number | undefined)[]): number | undefined {
  const [anon, , shmem, inactiveAnon, activeAnon, unevictable, slabUnreclaimable, slabReclaimable, kernel] = values
  const [kernelStack, pagetables, sock = 0] = values.slice(9)
  const kernelBytes =
    kernel !== undefined && slabReclaimable !== undefined
      ? Math.max(0, kernel - slabReclaimable)
      : sum(slabUnreclaimable, kernelStack, pagetables)
  const pages = userFloorBytes({ anon, shmem, inactiveAnon, activeAnon, unevictable })
  return sum(pages, kernelBytes, sock)
}

interface UserPages {
  readonly anon: number | undefined
  readonly shmem: number | undefined
  readonly inactiveAnon: number | undefined
  readonly activeAnon: number | undefined
  readonly unevictable: number | undefined
}

/** Locked pages may be anonymous, shared or of files: the lists count each page once, the kinds may miss locked files. */
function userFloorBytes({ anon, shmem, inactiveAnon, activeAnon, unevictable }: UserPages): number | undefined {
  const byKind = sum(anon, shmem)
  const byList = sum(inactiveAnon, activeAnon, unevictable)
  return byKind === undefined || byList === undefined ? undefined : Math.max(byKind, byList)
}

function sum(...values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  )
}

const parseLegacyStat = flatKeyed([
  'total_rss',
  'total_cache',
  'total_shmem',
  'total_inactive_anon',
  'total_active_anon',
  'total_unevictable',
])

/** On v1 the kernel's own memory is what is charged beyond user pages; it cannot be told how much of it is reclaimable. */
function openLegacy(run: ContainerRun): Source<MemoryReading> {
  const usage = run.file('memory', 'memory.usage_in_bytes')
  const stat = run.file('memory', 'memory.stat')
  const limit = run.file('memory', 'memory.limit_in_bytes')
  return () => {
    const usageBytes = usage?.read(parseSingleValue)
    const [rss, cache, shmem, inactiveAnon, activeAnon, unevictable] = stat?.read(parseLegacyStat) ?? []
    const pages = userFloorBytes({ anon: rss, shmem, inactiveAnon, activeAnon, unevictable })
    const userBytes = sum(rss, cache)
    const kernelBytes =
      usageBytes === undefined || userBytes === undefined ? undefined : Math.max(0, usageBytes - userBytes)
    const floorBytes = sum(pages, kernelBytes)
    return {
      usedBytes: usedBytes(usageBytes, { cache, shmem, floor: floorBytes }),
      floorBytes,
      limitBytes: limit?.read(parseSingleValue),
    }
  }
}
