import { MOST_HOST_BYTES } from '../bounds.ts'
import { type HostFiles, OPTIONAL } from '../host-files.ts'
import { parseSingleValue } from '../parse/single-line.ts'
import type { CgroupFiles } from './cgroup-files.ts'

/*
 * cgroup v2 counts and limits swap by itself, v1 together with memory. A kernel without swap accounting has none of the files.
 */

/** Reads the swap limit of a container again and again, bytes: Infinity without one. */
export function openSwapLimit(cgroup: CgroupFiles): () => number | undefined {
  if (cgroup.layout.kind === 'unified') {
    const limit = cgroup.file('memory', 'memory.swap.max', OPTIONAL)
    return () => limit?.read(parseSingleValue)
  }
  const both = cgroup.file('memory', 'memory.memsw.limit_in_bytes', OPTIONAL)
  const memory = cgroup.file('memory', 'memory.limit_in_bytes')
  return () => difference(both?.read(parseSingleValue), memory?.read(parseSingleValue))
}

/**
 * Reads the swap that a container uses again and again, bytes. The bound is `hostBytes`, what the host has, and not the limit of
 * the container: lowering that below what is in use takes nothing away.
 */
export function openSwapUse(
  files: HostFiles,
  cgroup: CgroupFiles,
  hostBytes: () => number | undefined,
): () => number | undefined {
  const isUnified = cgroup.layout.kind === 'unified'
  const swap = cgroup.file('memory', isUnified ? 'memory.swap.current' : 'memory.memsw.usage_in_bytes', OPTIONAL)
  const memory = isUnified ? undefined : cgroup.file('memory', 'memory.usage_in_bytes')
  return () => {
    const read = swap?.read(parseSingleValue)
    const usedBytes = memory === undefined ? read : difference(read, memory.read(parseSingleValue))
    return swap && files.within(usedBytes, hostBytes() ?? MOST_HOST_BYTES, swap)
  }
}

function difference(both: number | undefined, memory: number | undefined): number | undefined {
  if (both === undefined || memory === undefined) return undefined
  if (both === Number.POSITIVE_INFINITY) return both
  return memory === Number.POSITIVE_INFINITY ? undefined : Math.max(0, both - memory)
}
