import type { WhatIfResult } from './what-if.ts'

/** `lxc-autoscale preview --json`, and what the page of `--html` is made of. Times are ISO 8601 in UTC; null: not known. */
export interface PreviewBody {
  readonly made_at: string
  /** Host name. */
  readonly node: string
  /** How far back was asked for. */
  readonly days: number
  /** The file that the settings are from; null: as built in. */
  readonly settings_file: string | null
  /** Keys of `scaling` that are not as built in. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What the figures are made of, and what they do not tell; sentences. */
  readonly notes: readonly string[]
  readonly totals: PreviewTotals
  /** By rising number. */
  readonly containers: readonly PreviewedContainer[]
  readonly left_out: readonly LeftOutContainer[]
}

/** Running containers of which it cannot be said, and why. */
export interface LeftOutContainer {
  readonly lxc_id: number
  readonly name: string
  readonly reason: string
}

/** Sums over the containers. */
export interface PreviewTotals {
  readonly cores: PreviewedSum
  readonly memory_mb: PreviewedSum
  readonly changes: number
  readonly kills: number
}

/** Sums of the means of the containers, cores or MB; of those that would have been sized. */
interface PreviewedSum {
  readonly had_mean: number
  readonly used_mean: number
  readonly would_mean: number
  /** The amount times the hours of each container: core-hours, MB-hours. */
  readonly freed_hours: number
  readonly short_seconds: number
  readonly short_times: number
}

/** One container. */
export interface PreviewedContainer {
  readonly lxc_id: number
  readonly name: string
  readonly policy: string
  /** What it has now; cores are null without a limit. */
  readonly now: { readonly cores: number | null; readonly memory_mb: number | null; readonly swap_mb: number | null }
  /** How much is known, and how finely; the coarsest first. */
  readonly known: readonly KnownSpan[]
  readonly curves: PreviewCurves
  /** Amounts are cores. */
  readonly cores: PreviewedResource
  /** Amounts are MB. */
  readonly memory_mb: PreviewedResource
  /** Moments at which anything would have been changed. */
  readonly changes: number
  /** Times that it would have been killed for want of memory. */
  readonly kills: number
  /** What of this container is to be known beside the figures. */
  readonly remarks: readonly string[]
}

export interface KnownSpan {
  readonly step_seconds: number
  readonly seconds: number
}

/** Columns of equal length, a step each. */
export interface PreviewCurves
  extends Pick<
    WhatIfResult,
    | 'since'
    | 'step_seconds'
    | 'cores_used'
    | 'cores_given'
    | 'cores_would'
    | 'memory_used_mb'
    | 'memory_given_mb'
    | 'memory_would_mb'
  > {
  /** The highest minute of each step. */
  readonly cores_peak: readonly (number | null)[]
}

/** One resource of a container, over the time that is known. */
export interface PreviewedResource {
  /** False: the policy leaves it as it is; it would have had what it had. */
  readonly is_sized: boolean
  readonly used_mean: number | null
  /** The highest minute. */
  readonly used_peak: number | null
  readonly had_mean: number | null
  readonly would_mean: number | null
  /** The amount times hours: core-hours, MB-hours; below 0: it would have had more. */
  readonly freed_hours: number | null
  /** Time in which it would have had too little; at least: of a coarse step only the highest minute is known. */
  readonly short_seconds: number
  readonly short: readonly ShortMoment[]
}

/** A time in which it would have had less than it used. */
export interface ShortMoment {
  /** In coarse steps: from the begin of the first one to the end of the last. */
  readonly since: string
  readonly until: string
  /** How long within that, at least. */
  readonly seconds: number
  /** The most that it used, and what it would have had then. */
  readonly used: number
  readonly would: number
}
