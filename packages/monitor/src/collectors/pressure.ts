import type { Pressure } from '@lxc-autoscale/core'
import { OPTIONAL, parsePressure, type Stalls } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'

export interface PressureReading {
  readonly cpu: Stalls | undefined
  readonly memory: Stalls | undefined
  readonly io: Stalls | undefined
}

export interface PressureMetrics {
  readonly pressure: Pressure | undefined
}

/** Pressure stall information: none on cgroup v1, nor on a kernel that was booted without. Source: Linux, accounting/psi.rst. */
export const pressure: Collector<PressureReading, PressureMetrics> = {
  open(run) {
    if (run.layout.kind !== 'unified') return () => undefined
    const cpu = run.file('cpu', 'cpu.pressure', OPTIONAL)
    const memory = run.file('memory', 'memory.pressure', OPTIONAL)
    const io = run.file('blkio', 'io.pressure', OPTIONAL)
    return () => ({ cpu: cpu?.read(parsePressure), memory: memory?.read(parsePressure), io: io?.read(parsePressure) })
  },

  derive({ current: { cpu, memory, io } }) {
    if (cpu === undefined && memory === undefined && io === undefined) return { pressure: undefined }
    return {
      pressure: {
        cpuSomePercent: cpu?.somePercent,
        memorySomePercent: memory?.somePercent,
        memoryFullPercent: memory?.fullPercent,
        ioSomePercent: io?.somePercent,
        ioFullPercent: io?.fullPercent,
      },
    }
  },
}
