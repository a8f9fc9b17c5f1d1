import { ContainerSizer, isChange } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'
import type { Allocation, Decision } from '../../../../packages/model/src/policy/decision.ts'
import { circumstances, localSample, MONDAY_MS, settings } from '../../../builders/sizing.ts'

const MINUTE_MS = 60_000

/** A sizer of the policy threshold that has been watching long enough, and its clock. */
class Watched {
  nowMs = MONDAY_MS
  allocation: Allocation = { cores: 4, memoryMb: 4_096 }
  sizer: ContainerSizer

  constructor(saved?: unknown) {
    this.sizer = new ContainerSizer({
      vmid: 101,
      settings: settings({ policy: 'threshold', learning_hours: 0 }),
      saved,
    })
  }

  /** Some minutes later: a sample with these figures, and what is decided on it. */
  decide(minutes: number, figures: Parameters<typeof localSample>[0] = {}): Decision {
    this.nowMs += minutes * MINUTE_MS
    this.sizer.observe(localSample({ allocation: this.allocation, ...figures, timeMs: this.nowMs }))
    return this.sizer.decide(circumstances({ nowMs: this.nowMs, allocation: this.allocation }))
  }

  apply(decision: Decision): void {
    this.allocation = decision.to
    this.sizer.applied(decision.to, this.nowMs)
  }
}

const BUSY = { cpuCoresUsed: 3.9, memoryUsedMb: 2_000 }
const IDLE = { cpuCoresUsed: 0.1, memoryUsedMb: 2_000 }

describe('ContainerSizer', () => {
  test('names what it decided from, what was wanted, and why', () => {
    const decision = new Watched().decide(1, BUSY)
    expect(decision).toMatchObject({
      vmid: 101,
      from: { cores: 4, memoryMb: 4_096 },
      to: { cores: 5, memoryMb: 4_096 },
      cores: 'up',
      memory: 'keep',
      policy: 'threshold',
    })
    expect(decision.reasons[0]?.text).toContain('98 % of the allocation used')
  })

  test('leaves a container alone for six hours after a person changed it, and then goes on', () => {
    const watched = new Watched()
    watched.decide(1)
    watched.allocation = { cores: 2, memoryMb: 4_096 }
    const busy = { cpuCoresUsed: 1.95, memoryUsedMb: 2_000 }
    expect(isChange(watched.decide(1, busy))).toBe(false)
    expect(watched.decide(5 * 60, busy).reasons.map(({ rule }) => rule)).toContain('keep-truce')
    expect(watched.decide(61, busy).to.cores).toBe(3)
  })

  test('does not take its own change for that of a person', () => {
    const watched = new Watched()
    watched.apply(watched.decide(1, BUSY))
    expect(isChange(watched.decide(10, { cpuCoresUsed: 4.9, memoryUsedMb: 2_000 }))).toBe(true)
  })

  test('does not take a change of its own for that of a person whose answer was lost', () => {
    const watched = new Watched()
    const decision = watched.decide(1, BUSY)
    watched.sizer.failed(watched.nowMs)
    watched.allocation = decision.to
    const told = {
      by: 'us',
      atMs: watched.nowMs,
      endMs: watched.nowMs,
      before: decision.from,
      after: decision.to,
    } as const
    watched.sizer.note(told)
    expect(isChange(watched.decide(10, { cpuCoresUsed: 4.9, memoryUsedMb: 2_000 }))).toBe(true)
  })

  test('notices a change that a person made while the daemon was down', () => {
    const before = new Watched()
    before.decide(1)
    const after = new Watched(JSON.parse(JSON.stringify(before.sizer.serialise())))
    after.allocation = { cores: 2, memoryMb: 4_096 }
    expect(after.decide(30, { cpuCoresUsed: 1.95, memoryUsedMb: 2_000 }).reasons.map(({ rule }) => rule)).toContain(
      'keep-truce',
    )
  })

  test('goes by what the audit log tells after a restart: pauses, and which size is ours', () => {
    const before = new Watched()
    before.apply(before.decide(1, BUSY))
    const after = new Watched(JSON.parse(JSON.stringify(before.sizer.serialise())))
    after.nowMs = before.nowMs
    after.allocation = before.allocation
    const told = {
      by: 'us',
      atMs: before.nowMs,
      endMs: before.nowMs,
      before: { cores: 4 },
      after: { cores: 5 },
    } as const
    after.sizer.note(told)
    expect(after.decide(2, IDLE).reasons.map(({ rule }) => rule)).toContain('hold-in-shrink-cooldown')
  })

  test('waits as long after a refusal as after a change', () => {
    const watched = new Watched()
    watched.decide(1, IDLE)
    watched.sizer.failed(watched.nowMs)
    expect(isChange(watched.decide(1, IDLE))).toBe(false)
    expect(watched.decide(10, IDLE).cores).toBe('down')
  })

  test('doubles the quarantine of memory with each kill', () => {
    const watched = new Watched()
    const roomy = { cpuCoresUsed: 2, memoryUsedMb: 600 }
    watched.decide(1, { ...roomy, oomKills: 1 })
    watched.decide(60, { ...roomy, oomKills: 1 })
    expect(watched.decide(47 * 60, roomy).memory).toBe('keep')
    expect(watched.decide(2 * 60, roomy).memory).toBe('down')
  })

  test('takes kills that follow each other within minutes for one', () => {
    const watched = new Watched()
    const roomy = { cpuCoresUsed: 2, memoryUsedMb: 600 }
    for (let kill = 0; kill < 4; kill++) watched.decide(1, { ...roomy, oomKills: 1 })
    expect(watched.decide(23 * 60, roomy).memory).toBe('keep')
    expect(watched.decide(2 * 60, roomy).memory).toBe('down')
  })

  test('grows memory within one cycle when the kernel reports stalls at the limit', () => {
    const decision = new Watched().decide(1, { cpuCoresUsed: 2, memoryUsedMb: 2_000, memoryPressurePercent: 20 })
    expect(decision.memory).toBe('up')
    expect(decision.isInNeed).toBe(true)
  })

  test('raises a container that stands below its minimum', () => {
    const watched = new Watched()
    watched.allocation = { cores: 4, memoryMb: 64 }
    expect(watched.decide(1, { cpuCoresUsed: 2, memoryUsedMb: 30 }).to.memoryMb).toBeGreaterThanOrEqual(128)
  })

  test('lets figures that cannot be pass for unknown ones', () => {
    const decision = new Watched().decide(1, { cpuCoresUsed: Number.NaN, memoryUsedMb: -5 })
    expect([decision.cores, decision.memory]).toEqual(['keep', 'keep'])
  })

  test('decides in the mode recommend, and says that it is not to be applied', () => {
    const watched = new Watched()
    watched.sizer.configure(settings({ policy: 'threshold', mode: 'recommend', learning_hours: 0 }))
    expect(watched.decide(1, BUSY)).toMatchObject({ cores: 'up', isToBeApplied: false })
  })

  test('keeps what it learned when only a limit changes', () => {
    const sizer = new ContainerSizer({ vmid: 101, settings: settings() })
    for (let minute = 0; minute < 600; minute++) sizer.observe(localSample({ timeMs: MONDAY_MS + minute * MINUTE_MS }))
    sizer.configure(settings({ max_cpu_cores: 3 }))
    const nowMs = MONDAY_MS + 599 * MINUTE_MS
    sizer.decide(circumstances({ nowMs }))
    expect(sizer.explain().cores).not.toContain('nothing')
  })

  test.each([[undefined], [null], ['x'], [{ version: 2 }], [{ version: 1, safety: { version: 1, changesMs: 'x' } }]])(
    'starts anew from %j',
    saved => {
      const watched = new Watched(saved)
      expect(watched.decide(1, BUSY).cores).toBe('up')
    },
  )
})

describe('a policy that begins to learn', () => {
  const options = { vmid: 101, settings: settings({ policy: 'adaptive' }) }
  const allocation = { cores: 4, memoryMb: 4_096 }

  /** Watches for so many hours; what the safety rules had to say at the end. */
  function watched(sizer: ContainerSizer, hours: number, fromMs = MONDAY_MS): readonly string[] {
    const endMs = fromMs + hours * 60 * MINUTE_MS
    for (let timeMs = fromMs; timeMs <= endMs; timeMs += MINUTE_MS) {
      sizer.observe(localSample({ allocation, cpuCoresUsed: 0.5, memoryUsedMb: 500, timeMs }))
    }
    return sizer.decide(circumstances({ nowMs: endMs, allocation })).reasons.map(({ rule }) => rule)
  }

  test('is not believed for what was watched before it: what an earlier version kept, or another policy', () => {
    const known = new ContainerSizer(options)
    expect(watched(known, 48)).not.toContain('hold-while-learning')
    const saved = JSON.parse(JSON.stringify(known.serialise()))
    const laterMs = MONDAY_MS + 49 * 60 * MINUTE_MS
    expect(watched(new ContainerSizer({ ...options, saved }), 1, laterMs)).not.toContain('hold-while-learning')
    const outdated = new ContainerSizer({ ...options, saved: { ...saved, learned: { ...saved.learned, version: 2 } } })
    expect(watched(outdated, 1, laterMs)).toContain('hold-while-learning')
    known.configure(settings({ policy: 'threshold' }))
    expect(watched(known, 1, laterMs)).not.toContain('hold-while-learning')
    known.configure(settings({ policy: 'adaptive' }))
    expect(watched(known, 1, laterMs + 61 * MINUTE_MS)).toContain('hold-while-learning')
  })
})
