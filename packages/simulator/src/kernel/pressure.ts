import { USEC_PER_MS } from '@lxc-autoscale/core/units'
/** Pressure stall information of one resource. `avg` in percent, totals in microseconds. */
export interface Pressure {
  readonly some: Stall
  readonly full: Stall
}

export interface Stall {
  readonly avg10: number
  readonly avg60: number
  readonly avg300: number
  readonly totalUsec: number
}

const CALM: Stall = { avg10: 0, avg60: 0, avg300: 0, totalUsec: 0 }
export const NO_PRESSURE: Pressure = { some: CALM, full: CALM }

/** Share of time (0-1) in which some, or all, tasks waited. */
export interface StallShares {
  readonly some: number
  readonly full: number
}

/** Pressure after `elapsedMs` more. The averages decay exponentially. Source: Linux, kernel/sched/psi.c. */
export function advancePressure(pressure: Pressure, shares: StallShares, elapsedMs: number): Pressure {
  return {
    some: advanceStall(pressure.some, shares.some, elapsedMs),
    full: advanceStall(pressure.full, Math.min(shares.full, shares.some), elapsedMs),
  }
}

function advanceStall(stall: Stall, share: number, elapsedMs: number): Stall {
  const average = (old: number, windowMs: number) => {
    const kept = Math.exp(-elapsedMs / windowMs)
    return old * kept + share * 100 * (1 - kept)
  }
  return {
    avg10: average(stall.avg10, 10_000),
    avg60: average(stall.avg60, 60_000),
    avg300: average(stall.avg300, 300_000),
    totalUsec: stall.totalUsec + share * elapsedMs * USEC_PER_MS,
  }
}

/** As the kernel prints it. Source: Documentation/accounting/psi.rst. */
export function formatPressure(pressure: Pressure): string {
  return `some ${formatStall(pressure.some)}\nfull ${formatStall(pressure.full)}\n`
}

/** The same the other way round; anything else is no pressure. */
export function parsePressure(text: string): Pressure {
  return { some: parseStall(text, 'some'), full: parseStall(text, 'full') }
}

function formatStall({ avg10, avg60, avg300, totalUsec }: Stall): string {
  return `avg10=${avg10.toFixed(2)} avg60=${avg60.toFixed(2)} avg300=${avg300.toFixed(2)} total=${Math.trunc(totalUsec)}`
}

function parseStall(text: string, kind: 'some' | 'full'): Stall {
  const match = new RegExp(`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm').exec(text)
  if (match === null) return CALM
  return { avg10: Number(match[1]), avg60: Number(match[2]), avg300: Number(match[3]), totalUsec: Number(match[4]) }
}
