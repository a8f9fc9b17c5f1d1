import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KIB_PER_MB } from '@lxc-autoscale/core'
import type { HostCapacity } from './ports.ts'

/**
 * The size of the host from `cpuinfo` and `meminfo` below `procPath`, for metrics files that do not tell it (the Python
 * predecessor's). A part that cannot be read is not known.
 */
export function readHostSize(procPath: string): HostCapacity {
  const processors = readText(join(procPath, 'cpuinfo'))?.match(/^processor\s*:/gm)?.length
  const meminfo = readText(join(procPath, 'meminfo')) ?? ''
  return {
    cores: processors,
    memoryMb: kibField(meminfo, 'MemTotal'),
    memoryAvailableMb: kibField(meminfo, 'MemAvailable'),
  }
}

function kibField(meminfo: string, name: string): number | undefined {
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo) ?? []
  return kib === undefined ? undefined : Number(kib) / KIB_PER_MB
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there or not readable: not known.
    return undefined
  }
}
