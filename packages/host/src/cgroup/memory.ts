import { MOST_HOST_BYTES, mostPartBytes } from '../bounds.ts'
import { type HostFiles, type KernelFile, OPTIONAL } from '../host-files.ts'
import { flatKeyed } from '../parse/flat-keyed.ts'
import { parseSingleValue } from '../parse/single-line.ts'
import type { CgroupFiles } from './cgroup-files.ts'

/** The memory of a container at one moment, bytes. */
export interface MemoryFigures {
  /** Without page cache, with shared memory and tmpfs. */
  readonly usedBytes: number | undefined
  /** What the kernel cannot reclaim: a limit below it kills. */
  readonly floorBytes: number | undefined
}

type Figure = number | undefined

/** Reads the memory limit of a container again and again, bytes: Infinity without one. */
export function openMemoryLimit(cgroup: CgroupFiles): () => number | undefined {
  const name = cgroup.layout.kind === 'unified' ? 'memory.max' : 'memory.limit_in_bytes'
  const limit = cgroup.file('memory', name)
  return () => limit?.read(parseSingleValue)
}

/** Reads the memory of a container again and again. `hostBytes`: what the host has, where it is known. */
export function openMemory(files: HostFiles, cgroup: CgroupFiles, hostBytes: () => Figure): () => MemoryFigures {
  const isUnified = cgroup.layout.kind === 'unified'
  const charged = cgroup.file('memory', isUnified ? 'memory.current' : 'memory.usage_in_bytes')
  const stat = cgroup.file('memory', 'memory.stat')
  const peak = cgroup.file('memory', isUnified ? 'memory.peak' : 'memory.max_usage_in_bytes', OPTIONAL)
  const parse = isUnified ? parseUnifiedStat : parseLegacyStat
  const kernelOf = isUnified ? unifiedKernel : legacyKernel
  return () => {
    const most = hostBytes() ?? MOST_HOST_BYTES
    const chargedBytes = charged && files.within(charged.read(parseSingleValue), most, charged)
    const values = stat?.read(parse)
    if (stat === undefined || values === undefined) return NOT_KNOWN
    const floor = floorOf(values, kernelOf(values, chargedBytes))
    const largest = Math.max(largestOf(values), floor ?? 0)
    const mostNow = chargedBytes === undefined ? most : mostPartBytes(chargedBytes)
    const mostOfParts = largest > mostNow ? Math.max(mostNow, mostLately(peak)) : mostNow
    if (files.within(largest, mostOfParts, stat) === undefined) return NOT_KNOWN
    const floorBytes = floor === undefined || chargedBytes === undefined ? floor : Math.min(floor, chargedBytes)
    return { usedBytes: usedOf(values, chargedBytes, floorBytes), floorBytes }
  }
}

/** What a process held that has just ended stands in memory.stat for up to two seconds more. */
function mostLately(peak: KernelFile | undefined): number {
  return mostPartBytes(peak?.read(parseSingleValue) ?? 0)
}

const NOT_KNOWN: MemoryFigures = { usedBytes: undefined, floorBytes: undefined }

function largestOf(values: readonly Figure[]): number {
  let largest = 0
  for (const value of values) if (value !== undefined && value > largest) largest = value
  return largest
}

/**
 * What reclaim cannot take away: pages on the anonymous and the unevictable lists, and the kernel's own memory. Swap could
 * take the anonymous ones, but it may be full, so they count. Locked pages may be anonymous, shared or of files: the lists
 * count each page once, the kinds may miss locked files.
 * Source: Linux, admin-guide/cgroup-v2.rst, memory.stat; admin-guide/cgroup-v1/memory.rst.
 */
function floorOf(values: readonly Figure[], kernel: Figure): Figure {
  const [anon, , shmem, inactiveAnon, activeAnon, unevictable] = values
  const byKind = sum(anon, shmem)
  const byList = sum(inactiveAnon, activeAnon, unevictable)
  return byKind === undefined || byList === undefined ? undefined : sum(Math.max(byKind, byList), kernel)
}

/**
 * Everything but the page cache; shared memory and tmpfs stand in the page cache for the kernel, but are in use. The page
 * cache can be more than what was charged a moment before; what cannot be reclaimed is in use in any case.
 */
function usedOf(values: readonly Figure[], charged: Figure, floor: Figure): Figure {
  const [, cache, shmem] = values
  if (charged === undefined || cache === undefined || shmem === undefined) return undefined
  return Math.min(charged, Math.max(charged - cache + shmem, floor ?? 0))
}

/** The first six are the same as on v1 and in the same order: `floorOf` and `usedOf` take them by it. */
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

/**
 * The kernel's own memory, without what it can reclaim. Kernels before 5.18 have no `kernel` line; there the parts that it
 * sums up and that matter are added. Those before 5.11 have no `pagetables` either: there it is all that is charged beside
 * what is known not to be the kernel's, which is rather more.
 */
function unifiedKernel(values: readonly Figure[], charged: Figure): Figure {
  const [anon, file, , , , , slabUnreclaimable, slabReclaimable, kernel, kernelStack, pagetables, sock = 0] = values
  if (kernel !== undefined && slabReclaimable !== undefined) return Math.max(0, kernel - slabReclaimable) + sock
  const parts = sum(slabUnreclaimable, kernelStack, pagetables)
  if (parts !== undefined) return parts + sock
  const others = sum(anon, file)
  if (charged === undefined || others === undefined) return undefined
  const known = (slabUnreclaimable ?? 0) + (kernelStack ?? 0) + sock
  return Math.max(known, charged - others - (slabReclaimable ?? 0))
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
function legacyKernel([anon, cache]: readonly Figure[], charged: Figure): Figure {
  const userBytes = sum(anon, cache)
  return charged === undefined || userBytes === undefined ? undefined : Math.max(0, charged - userBytes)
}

function sum(...values: readonly Figure[]): Figure {
  let total = 0
  for (const value of values) {
    if (value === undefined) return undefined
    total += value
  }
  return total
}
