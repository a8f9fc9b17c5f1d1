import { keptPast } from '@lxc-autoscale/replay'
import { expect, test } from 'vitest'
import { type Demand, SimulatedHost } from './simulated-host.ts'

const MINUTES_PER_DAY = 1_440
/** Two weeks and five days after a Monday: a Saturday, at noon. */
const INSTALLED_MINUTE = 19 * MINUTES_PER_DAY + 720
const MONDAY_MS = Date.UTC(2026, 0, 5)

/** Little by day, five times that at 03:00, and ten times on Sundays at 06:00. */
function demandAt(minute: number): Demand {
  const minuteOfDay = minute % MINUTES_PER_DAY
  const isSunday = Math.floor(minute / MINUTES_PER_DAY) % 7 === 6
  if (isSunday && minuteOfDay >= 360 && minuteOfDay < 420) return { cores: 4, memoryMb: 2_400 }
  return minuteOfDay >= 180 && minuteOfDay < 200 ? { cores: 2, memoryMb: 1_200 } : { cores: 0.4, memoryMb: 240 }
}

/** As Proxmox VE 8 and older keep it, which is the coarser of the two. */
function past() {
  const demands = Array.from({ length: INSTALLED_MINUTE }, (_, minute) => demandAt(minute))
  const timesS = Float64Array.from(demands, (_, minute) => MONDAY_MS / 1_000 + (minute + 1) * 60)
  const [cpuCores, memoryMb] = [
    Float64Array.from(demands, ({ cores }) => cores),
    Float64Array.from(demands, demand => demand.memoryMb),
  ]
  const trace = { name: '', timesS, cpuCores, memoryMb, initialCores: 4, initialMemoryMb: 4_096, utcOffsetMs: 0 }
  return keptPast(trace, MONDAY_MS / 1_000 + INSTALLED_MINUTE * 60, 'pve2.3-vm')
}

test('installed on a Saturday, the jobs of the night and of Sunday are provided for', async () => {
  const host = new SimulatedHost({
    startMs: MONDAY_MS + INSTALLED_MINUTE * 60_000,
    containers: [{ vmid: 101, cores: 1, memoryMb: 512, demand: minutes => demandAt(INSTALLED_MINUTE + minutes) }],
    config: { scaling: { start_grace_seconds: 0 } },
  })
  host.api.pasts.set(101, past())
  await host.run(14 * 60 + 59)
  expect(host.allocation(101).cores).toBeGreaterThanOrEqual(2)
  expect(host.allocation(101).memoryMb).toBeGreaterThan(2_400)
  await host.run(3 * 60)
  expect(host.allocation(101).cores).toBeGreaterThanOrEqual(4)
  await host.run(90)
  expect(host.oomKills).toBe(0)
  expect(host.throttledMinutes).toBe(0)
})
