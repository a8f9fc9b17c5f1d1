import type { OverviewBody, OverviewRow, RowsEvent, Spark, SparksEvent } from '@lxc-autoscale/core'
import { SPARK_STEPS } from '@lxc-autoscale/core/browser'

export type Rows = ReadonlyMap<number, OverviewRow>
export type Sparks = ReadonlyMap<number, Spark>

/** The rows of a snapshot. */
export function rowsOf({ rows }: Pick<OverviewBody, 'rows'>): Rows {
  return new Map(rows.map(row => [row.lxc_id, row]))
}

/** `rows` with what is new; a row that is as it was stays the same object. */
export function withRows(rows: Rows, event: Pick<RowsEvent, 'rows' | 'gone'>): Rows {
  const next = new Map(rows)
  for (const row of event.rows) next.set(row.lxc_id, row)
  for (const vmid of event.gone) next.delete(vmid)
  return next
}

/** The sparklines of a snapshot. */
export function sparksOf({ sparks }: Pick<OverviewBody, 'sparks'>): Sparks {
  return new Map(Object.entries(sparks).map(([vmid, spark]) => [Number(vmid), spark]))
}

/** `sparks` a step later: each moves on by one, also where the step is not known. */
export function withStep(sparks: Sparks, event: Pick<SparksEvent, 'sparks'>): Sparks {
  const vmids = new Set([...sparks.keys(), ...Object.keys(event.sparks).map(Number)])
  const moved = [...vmids].map((vmid): [number, Spark] => {
    const [cores, memoryMb] = event.sparks[vmid] ?? [null, null]
    const before = sparks.get(vmid)
    return [vmid, { cores: pushed(before?.cores, cores), memory_mb: pushed(before?.memory_mb, memoryMb) }]
  })
  return new Map(moved)
}

function pushed(values: readonly (number | null)[] = [], value: number | null): (number | null)[] {
  return [...values, value].slice(-SPARK_STEPS)
}
