import { type Demand, demandAt, type WorkloadTime } from './demand.ts'
import { SHAPE_LEVELS } from './shapes.ts'
import { readTrace } from './trace.ts'
import { isBuiltIn, type Workload } from './workload.ts'

/** What a workload wants at a moment. */
export type DemandSource = (time: WorkloadTime) => Demand

/** Figures of a workload that the engine adds to the memory it asks for. */
const KERNEL_MB = 0.75
const KERNEL_SHARE = 0.01

/** The kernel's own memory for a workload that uses `anonMb`, MB. */
export function kernelMb(anonMb: number): number {
  return KERNEL_MB + KERNEL_SHARE * anonMb
}

/** Opens a workload; a trace is read once here. @throws {Error} when the trace cannot be read. */
export function demandSource(workload: Workload): DemandSource {
  const { shape } = workload
  if (isBuiltIn(shape)) return time => demandAt(workload, time, SHAPE_LEVELS[shape](workload, time))
  const trace = readTrace(shape)
  return time => {
    const { cpuCores, memoryMb } = trace.at(time.seconds + workload.load.phaseSeconds)
    const rest = demandAt(workload, time, { cpu: 0, memory: 0, disk: 0 })
    return { ...rest, cpuCores, shmemMb: 0, anonMb: Math.max(0.5, (memoryMb - KERNEL_MB) / (1 + KERNEL_SHARE)) }
  }
}
