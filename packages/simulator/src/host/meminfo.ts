import { readFileSync } from 'node:fs'
import { BYTES_PER_MB, KIB_PER_MB } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'

const BYTES_PER_KIB = BYTES_PER_MB / KIB_PER_MB

/** The bytes that `proc/meminfo` has behind a key; 0 when it has none. */
export function readMeminfo(paths: HostPaths, key: string): number {
  const text = readFileSync(`${paths.proc}/meminfo`, 'utf8')
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * BYTES_PER_KIB
}
