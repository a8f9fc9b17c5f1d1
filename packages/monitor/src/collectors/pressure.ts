import {
  type HostFiles,
  type KernelFile,
  MOST_PERCENT,
  OPTIONAL,
  parsePressure,
  type Stalls,
} from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'
import { gauge, ratio } from './container-metric.ts'

/** Pressure stall information: none on cgroup v1, nor on a kernel that was booted without. Source: Linux, accounting/psi.rst. */
export const pressure: Collector = {
  metrics: [
    gauge('pressure_cpu_some_ratio', 'Share of the last 10 s in which some tasks waited for CPU, 0-1.', sample =>
      ratio(sample.pressure?.cpuSomePercent),
    ),
    gauge('pressure_memory_some_ratio', 'Share of the last 10 s in which some tasks waited for memory, 0-1.', sample =>
      ratio(sample.pressure?.memorySomePercent),
    ),
    gauge('pressure_memory_full_ratio', 'Share of the last 10 s in which all tasks waited for memory, 0-1.', sample =>
      ratio(sample.pressure?.memoryFullPercent),
    ),
    gauge('pressure_io_some_ratio', 'Share of the last 10 s in which some tasks waited for IO, 0-1.', sample =>
      ratio(sample.pressure?.ioSomePercent),
    ),
    gauge('pressure_io_full_ratio', 'Share of the last 10 s in which all tasks waited for IO, 0-1.', sample =>
      ratio(sample.pressure?.ioFullPercent),
    ),
  ],

  open(run, { files }) {
    if (run.layout.kind !== 'unified') return () => {}
    const cpuFile = run.file('cpu', 'cpu.pressure', OPTIONAL)
    const memoryFile = run.file('memory', 'memory.pressure', OPTIONAL)
    const ioFile = run.file('blkio', 'io.pressure', OPTIONAL)
    return sample => {
      const cpu = readStalls(files, cpuFile)
      const memory = readStalls(files, memoryFile)
      const io = readStalls(files, ioFile)
      if (cpu === undefined && memory === undefined && io === undefined) return
      sample.pressure = {
        cpuSomePercent: cpu?.somePercent,
        memorySomePercent: memory?.somePercent,
        memoryFullPercent: memory?.fullPercent,
        ioSomePercent: io?.somePercent,
        ioFullPercent: io?.fullPercent,
      }
    }
  },
}

/** A file that shows one share that cannot be is not believed in the other. */
function readStalls(files: HostFiles, file: KernelFile | undefined): Stalls | undefined {
  const stalls = file?.read(parsePressure)
  if (file === undefined || stalls === undefined) return undefined
  const largest = Math.max(stalls.somePercent ?? 0, stalls.fullPercent ?? 0)
  return files.within(largest, MOST_PERCENT, file) === undefined ? undefined : stalls
}
