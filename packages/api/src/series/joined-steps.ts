import { MS_PER_SECOND, type SeriesBody } from '@lxc-autoscale/core'
import { COLUMNS, Step } from './columns.ts'
import type { StepPlan } from './plan-steps.ts'

export type SeriesColumns = Omit<SeriesBody, 'lxc_id' | 'anomalies' | 'changes'>

/** Joins what is kept into the steps of a plan; in order of time. */
export class JoinedSteps {
  readonly #plan: StepPlan
  readonly #steps: readonly Step[]

  constructor(plan: StepPlan) {
    this.#plan = plan
    this.#steps = Array.from({ length: plan.count }, () => new Step())
  }

  addSample(timeMs: number, figures: Float64Array): void {
    this.#at(timeMs)?.addFigures(figures)
  }

  addKept(timeMs: number, columns: Float64Array): void {
    this.#at(timeMs)?.addColumns(columns)
  }

  columns(): SeriesColumns {
    const { source, startMs, stepMs, count } = this.#plan
    const rows = this.#steps.map(step => step.values())
    const column = (place: number) => {
      const scale = 10 ** (COLUMNS[place]?.decimals ?? 0)
      return rows.map(row => {
        const value = row[place] ?? Number.NaN
        return Number.isNaN(value) ? null : Math.round(value * scale) / scale
      })
    }
    return {
      since: new Date(startMs).toISOString(),
      until: new Date(startMs + count * stepMs).toISOString(),
      step_seconds: stepMs / MS_PER_SECOND,
      source,
      cores_used: { min: column(0), mean: column(1), max: column(2) },
      cores_given: column(3),
      throttled_percent: column(4),
      memory_used_mb: { min: column(5), mean: column(6), max: column(7) },
      memory_given_mb: column(8),
      memory_floor_mb: column(9),
      swap_used_mb: column(10),
      cpu_pressure_percent: column(11),
      memory_pressure_percent: column(12),
      io_pressure_percent: column(13),
      kills: column(14),
    }
  }

  #at(timeMs: number): Step | undefined {
    const { startMs, stepMs } = this.#plan
    return this.#steps[Math.floor((timeMs - startMs) / stepMs)]
  }
}
