import { BoostBody, MODES, openUntilMs, type SteeringBody, type SteeringsBody, Until } from '@lxc-autoscale/core'
import { z } from 'zod'

const VmidText = z.string().regex(/^[1-9]\d{2,8}$/)

/** A boost as it is kept. */
export const KeptBoost = BoostBody.extend({
  /** What the boost gave that this one was to replace, as long as it is not known whether it did. */
  replaced: BoostBody.shape.given.nullable(),
})
export type KeptBoost = z.output<typeof KeptBoost>

/** All that people have told, containers by their number. What is over may stand in it. */
export const Told = z.strictObject({
  version: z.literal(1),
  all_paused_until: Until.nullable(),
  pauses: z.record(VmidText, Until),
  modes: z.record(VmidText, z.enum(MODES)),
  boosts: z.record(VmidText, KeptBoost),
})
export type Told = z.output<typeof Told>

export const NOTHING_TOLD: Told = { version: 1, all_paused_until: null, pauses: {}, modes: {}, boosts: {} }

/** `told` without the pauses that are over at `nowMs`. */
export function withoutOver(told: Told, nowMs: number): Told {
  const { all_paused_until: all, pauses } = told
  return {
    ...told,
    all_paused_until: openUntilMs(all, nowMs) === undefined ? null : all,
    pauses: Object.fromEntries(Object.entries(pauses).filter(([, until]) => openUntilMs(until, nowMs) !== undefined)),
  }
}

/** `values` with that of one container replaced; undefined: without it. */
export function withOne<Value>(
  values: Readonly<Record<string, Value>>,
  vmid: number,
  value: Value | undefined,
): Record<string, Value> {
  const { [vmid]: _, ...others } = values
  return value === undefined ? others : { ...others, [vmid]: value }
}

/** What is told of one container; of several pauses the one that ends last. */
export function steeringBody(told: Told, vmid: number, nowMs: number): SteeringBody {
  const { all_paused_until: all, pauses, modes, boosts } = told
  const own = pauses[vmid] ?? null
  const [ownMs, allMs] = [openUntilMs(own, nowMs) ?? 0, openUntilMs(all, nowMs) ?? 0]
  const isAll = allMs > ownMs
  const open = ownMs === 0 ? null : own
  const boost = boosts[vmid]
  return {
    paused_until: isAll ? all : open,
    is_all_paused: isAll,
    mode: modes[vmid] ?? null,
    boost: boost === undefined ? null : BoostBody.parse(boost),
    problem: null,
  }
}

/** All that is told of the containers that `isShown`, and not over. */
export function steeringsBody(told: Told, isShown: (vmid: number) => boolean, nowMs: number): SteeringsBody {
  const { all_paused_until, pauses, modes, boosts } = withoutOver(told, nowMs)
  const shown = <Value>(values: Readonly<Record<string, Value>>) =>
    Object.entries(values).flatMap(([vmid, value]) => (isShown(Number(vmid)) ? [{ vmid: Number(vmid), value }] : []))
  return {
    all_paused_until,
    pauses: shown(pauses).map(({ vmid, value }) => ({ lxc_id: vmid, until: value })),
    modes: shown(modes).map(({ vmid, value }) => ({ lxc_id: vmid, mode: value })),
    boosts: shown(boosts).map(({ value }) => BoostBody.parse(value)),
    problem: null,
  }
}
