import { z } from 'zod'
import { MS_PER_SECOND } from '../units.ts'
import { WireVmid, wireInteger } from './wire-values.ts'

/** A figure of one step of time: its mean, and the highest of the means of single minutes in it. */
export interface PastFigure {
  readonly mean: number
  readonly peak: number
}

/** What Proxmox has kept of a container over one step of time. `undefined` = not known. */
export interface PastStep {
  /** When it began, milliseconds since 1970 UTC. */
  readonly startMs: number
  /** A minute for what is young, half an hour to a week for what is old. */
  readonly stepMs: number
  /** Cores that were in use. */
  readonly coresUsed: PastFigure | undefined
  /** As Proxmox counts it: without the page cache, and without shared memory and tmpfs, which cannot be given up. */
  readonly memoryUsedMb: PastFigure | undefined
  /** Cores that it was allowed. */
  readonly cores: number | undefined
  readonly memoryLimitMb: number | undefined
  /** The highest of the minutes: share of the time in which something waited for the CPU (PSI some). From PVE 9 on. */
  readonly cpuWaitingPercent: number | undefined
}

/** The query of `GET /past`. */
export const PastQuery = z.object({
  lxc_id: WireVmid,
  days: wireInteger(1, 400).default(30).describe('How far back.'),
})

const column = z.array(z.number().nullable())

/** `GET /past`: what Proxmox has kept of a container, oldest first. Columns of equal length; null: not known. */
export const PastBody = z.object({
  lxc_id: z.number(),
  start_seconds: z.array(z.number()).describe('When each step began, seconds since 1970.'),
  step_seconds: z.array(z.number()).describe('How long each step is.'),
  cores_used_mean: column,
  cores_used_peak: column.describe('The highest minute of the step.'),
  memory_used_mb_mean: column.describe('Without page cache, tmpfs and shared memory, as Proxmox counts.'),
  memory_used_mb_peak: column,
  cores: column.describe('What it was allowed.'),
  memory_limit_mb: column,
  cpu_waiting_percent: column.describe('The highest minute in which something waited for the CPU; from PVE 9 on.'),
})
export type PastBody = z.output<typeof PastBody>

/** The steps as `GET /past` answers them. */
export function pastBody(vmid: number, steps: readonly PastStep[]): PastBody {
  const figures = (figure: (step: PastStep) => number | undefined) => steps.map(step => figure(step) ?? null)
  return {
    lxc_id: vmid,
    start_seconds: steps.map(({ startMs }) => startMs / MS_PER_SECOND),
    step_seconds: steps.map(({ stepMs }) => stepMs / MS_PER_SECOND),
    cores_used_mean: figures(({ coresUsed }) => coresUsed?.mean),
    cores_used_peak: figures(({ coresUsed }) => coresUsed?.peak),
    memory_used_mb_mean: figures(({ memoryUsedMb }) => memoryUsedMb?.mean),
    memory_used_mb_peak: figures(({ memoryUsedMb }) => memoryUsedMb?.peak),
    cores: figures(({ cores }) => cores),
    memory_limit_mb: figures(({ memoryLimitMb }) => memoryLimitMb),
    cpu_waiting_percent: figures(({ cpuWaitingPercent }) => cpuWaitingPercent),
  }
}

/** The steps that an answer of `GET /past` holds. */
export function pastSteps(body: PastBody): PastStep[] {
  return body.start_seconds.map((startSeconds, at) => ({
    startMs: startSeconds * MS_PER_SECOND,
    stepMs: (body.step_seconds[at] ?? 0) * MS_PER_SECOND,
    coresUsed: figure(body.cores_used_mean[at], body.cores_used_peak[at]),
    memoryUsedMb: figure(body.memory_used_mb_mean[at], body.memory_used_mb_peak[at]),
    cores: body.cores[at] ?? undefined,
    memoryLimitMb: body.memory_limit_mb[at] ?? undefined,
    cpuWaitingPercent: body.cpu_waiting_percent[at] ?? undefined,
  }))
}

function figure(mean: number | null | undefined, peak: number | null | undefined): PastFigure | undefined {
  return typeof mean === 'number' && typeof peak === 'number' ? { mean, peak } : undefined
}
