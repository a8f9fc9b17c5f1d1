import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  boundsOf,
  checkBounds,
  checkExpected,
  checkHostCapacity,
  checkIsRunning,
  checkLock,
  checkMemoryFloor,
  checkState,
  isMemoryShrink,
} from '../../../../packages/api/src/changes/safety-rules.ts'
import { ApiConfig, type SafetySection } from '../../../../packages/api/src/config.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'

const MB = 1_048_576

function safety(fields: Partial<SafetySection> = {}): SafetySection {
  return { ...ApiConfig.parse({}).safety, ...fields }
}

const node = { cores: 4, memoryMb: 8_192, memoryAvailableMb: 4_096, uptimeSeconds: 1 }

describe('the memory floor', () => {
  const check = (memoryMb: number, floorMb: number, fields: Partial<SafetySection> = {}) =>
    checkMemoryFloor({
      facts: containerFacts(),
      memoryMb,
      memory: { floorBytes: floorMb * MB, usageBytes: floorMb * MB },
      safety: safety(fields),
    })

  test('refuses a limit below it, with the figures', () => {
    expect(() => check(300, 280)).toThrow(
      expect.objectContaining({
        code: 'MEMORY_BELOW_FLOOR',
        details: { lxc_id: 101, memory_floor_mb: 280, margin_mb: 32, least_memory_mb: 312, memory_usage_mb: 280 },
      }),
    )
  })

  test('allows the least that is above it', () => {
    expect(() => check(312, 280)).not.toThrow()
  })

  test('has a margin that grows with the container', () => {
    expect(() => check(10_499, 10_000)).toThrow('the least is 10500 MB')
  })

  test('allows nothing when the memory cannot be measured', () => {
    const memory = undefined
    expect(() => checkMemoryFloor({ facts: containerFacts(), memoryMb: 512, memory, safety: safety() })).toThrow(
      expect.objectContaining({ code: 'HOST_UNREADABLE' }),
    )
  })

  test('is never crossed, whatever is asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 100_000 }), fc.integer({ min: 0, max: 100_000 }), (memoryMb, floorMb) => {
        try {
          check(memoryMb, floorMb)
        } catch {
          return
        }
        expect(memoryMb).toBeGreaterThanOrEqual(floorMb + 32)
      }),
    )
  })
})

describe('a smaller memory limit', () => {
  test.each([
    [1_024, 1_024, 512, true],
    [1_024, 1_024, 2_048, false],
    // The kernel still allows more than the configuration says.
    [1_024, 4_096, 2_048, true],
    [1_024, undefined, 2_048, true],
    // Proxmox gives 512 MB where nothing is configured.
    [undefined, 512, 256, true],
  ])('configured %s, in force %s, asked %s: %s', (configuredMb, inForceMb, asked, isShrink) => {
    const facts = containerFacts({
      configured: allocation({ memoryMb: configuredMb }),
      inForce: allocation({ memoryMb: inForceMb }),
    })
    expect(isMemoryShrink(facts, asked)).toBe(isShrink)
  })

  test('of a stopped container is measured by its configuration alone', () => {
    const facts = containerFacts({ status: 'stopped', inForce: allocation() })
    expect([isMemoryShrink(facts, 512), isMemoryShrink(facts, 2_048)]).toEqual([true, false])
  })
})

describe('the host', () => {
  const check = (
    before: Parameters<typeof allocation>[0],
    after: Parameters<typeof allocation>[0],
    others: Parameters<typeof allocation>[0][] = [],
    fields: Partial<SafetySection> = {},
  ) =>
    checkHostCapacity({
      vmid: 101,
      before: allocation(before),
      after: allocation(after),
      node,
      others: others.map(allocation),
      safety: safety(fields),
    })

  test('gives no container more cores than it has', () => {
    expect(() => check({ cores: 2 }, { cores: 5 })).toThrow('5 cores are more than the 4 of the host')
  })

  test('lets a container that has too many go down, even if that is still too many', () => {
    expect(() => check({ cores: 64 }, { cores: 32 })).not.toThrow()
  })

  test('keeps the sum of the cores within what was allowed', () => {
    const others = [{ cores: 3 }, { cpuLimit: 2.5, cores: 4 }, {}]
    expect(() => check({ cores: 1 }, { cores: 3 }, others, { cpu_overcommit: 2 })).toThrow(
      'would have 8.5 cores; 8 are allowed',
    )
    expect(() => check({ cores: 1 }, { cores: 2 }, others, { cpu_overcommit: 2 })).not.toThrow()
  })

  test('takes the smaller of cores and quota for what a container can use', () => {
    expect(() => check({ cores: 4, cpuLimit: 1 }, { cores: 8, cpuLimit: 2 })).not.toThrow()
  })

  test('keeps its reserve of memory that is really available', () => {
    expect(() => check({ memoryMb: 1_024 }, { memoryMb: 4_700 })).toThrow(
      'the host has 4096 MB available and keeps 512 (safety.host_memory_reserve_mb): at most 3584 MB more, not 3676',
    )
    expect(() => check({ memoryMb: 1_024 }, { memoryMb: 4_608 })).not.toThrow()
  })

  test('keeps the sum of the memory limits within what was allowed', () => {
    expect(() => check({ memoryMb: 1_024 }, { memoryMb: 2_048 }, [{ memoryMb: 15_000 }])).toThrow('16384 are allowed')
  })

  test('counts 512 MB for a container that has no memory configured', () => {
    expect(() => check({}, { memoryMb: 600 }, [{ memoryMb: 15_500 }, {}])).toThrow('16612 MB')
  })

  test('enlarges nothing while it cannot be read, and still shrinks', () => {
    const unknown = { cores: undefined, memoryMb: undefined, memoryAvailableMb: undefined, uptimeSeconds: undefined }
    const base = { vmid: 101, node: unknown, others: [], safety: safety() }
    const small = allocation({ cores: 1, memoryMb: 512 })
    const large = allocation({ cores: 2, memoryMb: 1_024 })
    expect(() => checkHostCapacity({ ...base, before: small, after: large })).toThrow('cannot be read')
    expect(() => checkHostCapacity({ ...base, before: large, after: small })).not.toThrow()
  })
})

describe('the bounds', () => {
  const bounds = { min_cores: 2, max_cores: 4, min_memory_mb: 512, max_memory_mb: 4_096 }
  const check = (before: Parameters<typeof allocation>[0], after: Parameters<typeof allocation>[0]) =>
    checkBounds(101, { before: allocation(before), after: allocation(after), bounds })

  test.each([
    [{ cores: 2 }, { cores: 1 }, 'cores 1 is below the least that safety allows, 2'],
    [{ cores: 2 }, { cores: 5 }, 'cores 5'],
    [{ cpuLimit: 2 }, { cpuLimit: 0.5 }, 'cpulimit 0.5'],
    [{ memoryMb: 1_024 }, { memoryMb: 256 }, 'memory 256'],
    [{ memoryMb: 8_192 }, { memoryMb: 9_000 }, 'memory 9000'],
    [{ cores: 3 }, {}, 'cores without a limit is above the most that safety allows, 4'],
    [{ cpuLimit: 3 }, {}, 'cores without a limit'],
  ])('from %j to %j are left', (before, after, problem) => {
    expect(() => check(before, after)).toThrow(problem)
  })

  test.each([
    [{ cores: 3 }, { cores: 4 }],
    // Nearer to the bounds than before, though not inside them yet.
    [{ memoryMb: 16_384 }, { memoryMb: 8_192 }],
    [{ memoryMb: 128 }, { memoryMb: 256 }],
    [{ cores: 4, cpuLimit: 3 }, { cores: 4 }],
    // What does not change is no matter of this request.
    [{ memoryMb: 512 }, { memoryMb: 600 }],
    [
      { cores: 1, memoryMb: 512 },
      { cores: 1, memoryMb: 600 },
    ],
  ])('from %j to %j are kept', (before, after) => {
    expect(() => check(before, after)).not.toThrow()
  })

  test('of one container take the place of the general ones key by key', () => {
    const settings = safety({ limits: { max_cores: 4, max_memory_mb: 4_096 }, containers: { '101': { max_cores: 8 } } })
    expect(boundsOf(settings, 101)).toEqual({ max_cores: 8, max_memory_mb: 4_096 })
    expect(boundsOf(settings, 102)).toEqual({ max_cores: 4, max_memory_mb: 4_096 })
  })
})

describe('the state of the container', () => {
  test.each([
    [() => checkLock(containerFacts({ lock: 'backup' })), 'CONTAINER_LOCKED'],
    [() => checkState(containerFacts({ isTemplate: true })), 'STATE_NOT_ALLOWED'],
    [
      () => checkState(containerFacts({ haState: 'migrate', haBusy: 'the HA manager moves it (migrate)' })),
      'STATE_NOT_ALLOWED',
    ],
    [() => checkIsRunning(containerFacts({ status: 'stopped' })), 'STATE_NOT_ALLOWED'],
    [() => checkIsRunning(containerFacts({ status: 'unknown' })), 'STATE_NOT_ALLOWED'],
    [() => checkExpected(containerFacts(), { cores: 3 }), 'ALLOCATION_MOVED'],
    [() => checkExpected(containerFacts(), { cores: null }), 'ALLOCATION_MOVED'],
    [() => checkExpected(containerFacts(), { memoryMb: 1_023 }), 'ALLOCATION_MOVED'],
  ])('%#: forbids a change', (check, code) => {
    expect(check).toThrow(expect.objectContaining({ code }))
  })

  test.each([
    () => checkState(containerFacts({ isHaManaged: true, haState: 'started' })),
    () => checkExpected(containerFacts(), { cores: 2, cpuLimit: null, memoryMb: 1_024 }),
    () => checkExpected(containerFacts(), {}),
  ])('%#: allows a change', check => {
    expect(check).not.toThrow()
  })
})
