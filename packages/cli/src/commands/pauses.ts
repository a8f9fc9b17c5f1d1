import type { Mode, SteeringsBody } from '@lxc-autoscale/core'

/** What is paused, and which modes were ordered, containers by their number. */
export interface Pauses {
  readonly all?: string
  readonly containers: Readonly<Record<string, string>>
  readonly modes: Readonly<Record<string, Mode>>
}

export function pausesOf({ all_paused_until: all, pauses, modes }: SteeringsBody): Pauses {
  return {
    ...(all === null ? {} : { all }),
    containers: Object.fromEntries(pauses.map(({ lxc_id, until }) => [lxc_id, until])),
    modes: Object.fromEntries(modes.map(({ lxc_id, mode }) => [lxc_id, mode])),
  }
}
