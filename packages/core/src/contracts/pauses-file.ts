import { dirname, join } from 'node:path'
import { z } from 'zod'

/**
 * The file between `lxc-autoscale ignore` and the model. It stands beside the model's state directory, not in it: root writes
 * it, and root writes into no folder that belongs to a service.
 */
export function pausesFile(stateDirectory: string): string {
  return join(dirname(stateDirectory), 'pauses.json')
}

/** Container number -> time (ISO 8601) until which the model leaves the container alone. */
export const Pauses = z.record(z.string().regex(/^[1-9]\d{2,8}$/), z.iso.datetime())
export type Pauses = z.output<typeof Pauses>

/** The pauses of `pauses` that have not ended at `nowMs`: container number -> milliseconds since 1970 UTC. */
export function openPauses(pauses: Pauses, nowMs: number): Map<number, number> {
  return new Map(
    Object.entries(pauses)
      .map(([vmid, until]): [number, number] => [Number(vmid), Date.parse(until)])
      .filter(([, untilMs]) => untilMs > nowMs),
  )
}
