import type { OverviewRow } from '@lxc-autoscale/core'

/** A container that fits, as the overview tells it. */
export function overviewRow(fields: Partial<OverviewRow> = {}): OverviewRow {
  return {
    lxc_id: 101,
    name: 'web',
    tags: [],
    tier: null,
    status: 'running',
    state: 'fits',
    state_text: 'it has what it needs',
    cores_used: 1,
    cores_given: 2,
    memory_used_mb: 512,
    memory_given_mb: 1_024,
    memory_floor_mb: 100,
    throttled_percent: 0,
    mode: null,
    paused_until: null,
    boost: null,
    last_change: null,
    ...fields,
  }
}
