import { AutoscaleError, BYTES_PER_MB } from '@lxc-autoscale/core'
import { ContainerSizer, isChange } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'
import { checkMemoryFloor, leastMemory } from '../../packages/api/src/changes/safety-rules.ts'
import { ApiConfig } from '../../packages/api/src/config.ts'
import type { Allocation } from '../../packages/model/src/policy/decision.ts'
import { containerFacts } from '../builders/container-facts.ts'
import { circumstances, localSample, MONDAY_MS, settings } from '../builders/sizing.ts'

const MINUTE_MS = 60_000
const DAYS = 3
const { safety } = ApiConfig.parse({})

/** All of its memory is anonymous. */
function memoryFacts(usedMb: number) {
  return { usageBytes: usedMb * BYTES_PER_MB, floorBytes: usedMb * BYTES_PER_MB }
}

/** What the API answers as `least_memory_mb`. */
function leastMemoryMb(usedMb: number): number {
  return leastMemory(memoryFacts(usedMb), safety).leastMb
}

function isRefused(memoryMb: number, usedMb: number): boolean {
  const memory = memoryFacts(usedMb)
  try {
    checkMemoryFloor({ facts: containerFacts(), memoryMb, memory, safety })
    return false
  } catch (error) {
    if (error instanceof AutoscaleError && error.code === 'MEMORY_BELOW_FLOOR') return true
    throw error
  }
}

/** Three days of a steady container, all of whose memory is anonymous, with a decision a minute. */
function live(usedMb: number, least: (usedMb: number) => number | undefined) {
  const sizer = new ContainerSizer({ vmid: 101, settings: settings() })
  let allocation: Allocation = { cores: 2, memoryMb: 512 }
  let asked = 0
  let refused = 0
  for (let minute = 0; minute < DAYS * 24 * 60; minute++) {
    const nowMs = MONDAY_MS + minute * MINUTE_MS
    // Steady but for 1 %; the API measures a moment later than the monitor.
    const measuredMb = usedMb * (1 + 0.01 * Math.sin(minute))
    const presentMb = usedMb * (1 + 0.01 * Math.sin(minute + 0.5))
    const memory = { memoryUsedMb: measuredMb, memoryFloorMb: measuredMb }
    sizer.observe(localSample({ timeMs: nowMs, allocation, cpuCoresUsed: 0.2, ...memory }))
    const decision = sizer.decide(circumstances({ nowMs, allocation, leastMemoryMb: least(measuredMb) }))
    if (!isChange(decision)) continue
    asked++
    if (decision.memory === 'down' && isRefused(decision.to.memoryMb ?? 0, presentMb)) {
      refused++
      sizer.failed(nowMs, { decision, resource: 'memory' })
    } else {
      allocation = decision.to
      sizer.applied(allocation, nowMs)
    }
  }
  return { asked, refused, memoryMb: allocation.memoryMb ?? 0 }
}

describe.each([60, 100, 150, 180, 200, 260, 400])('three days of a steady container of %d MB', usedMb => {
  test('that keeps to what the API allows ask for hardly anything that is refused', () => {
    const { asked, refused, memoryMb } = live(usedMb, leastMemoryMb)
    expect(refused).toBeLessThanOrEqual(5)
    expect(asked).toBeLessThanOrEqual(20)
    expect(memoryMb).toBeLessThan(512)
    expect(memoryMb).toBeGreaterThanOrEqual(leastMemoryMb(usedMb) * 0.99)
  })

  test('are few requests as well when the API says less than its rules allow: refusals back off', () => {
    expect(live(usedMb, () => 64).refused).toBeLessThanOrEqual(7)
  })
})

test('a refusal is forgotten when the least memory falls, and remembered over a restart', () => {
  const sizer = new ContainerSizer({ vmid: 101, settings: settings({ policy: 'threshold', learning_hours: 0 }) })
  const allocation = { cores: 2, memoryMb: 2_048 }
  const at = (minutes: number, least: number, of = sizer) => {
    const nowMs = MONDAY_MS + minutes * MINUTE_MS
    of.observe(localSample({ timeMs: nowMs, allocation }))
    return of.decide(circumstances({ nowMs, allocation, leastMemoryMb: least }))
  }
  const decision = at(0, 1_000)
  expect(decision.memory).toBe('down')
  sizer.failed(MONDAY_MS, { decision, resource: 'memory' })
  expect(at(30, 990).memory).toBe('keep')
  const saved: unknown = JSON.parse(JSON.stringify(sizer.serialise()))
  const restarted = new ContainerSizer({ vmid: 101, settings: sizer.settings, saved })
  expect(at(31, 990, restarted).memory).toBe('keep')
  expect(at(32, 500, restarted).memory).toBe('down')
})
