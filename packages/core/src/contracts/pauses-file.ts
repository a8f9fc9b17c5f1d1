import { z } from 'zod'

/**
 * The file `pauses.json` in the model's state directory, between `lxc-autoscale ignore` and the model: container number ->
 * time (ISO 8601) until which the model leaves the container alone.
 */
export const PAUSES_FILE = 'pauses.json'

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
