import type { Decision } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'
import { allocationOf, settingOf } from '../../../../packages/model/src/cycle/allocation.ts'
import { UNHELD } from '../../../builders/sizing.ts'

const NOTHING = { cores: null, cpuLimit: null, memoryMb: null }

describe('what a container is allowed', () => {
  test.each([
    ['its cores and memory', { cores: 2, memoryMb: 512 }, 'cores', { cores: 2, memoryMb: 512 }],
    ['all cores of the host when it has none set', { memoryMb: 512 }, 'cores', { cores: 8, memoryMb: 512 }],
    ['unknown cores when a quota is smaller than they are', { cores: 4, cpuLimit: 1.5 }, 'cores', { cores: undefined }],
    ['its cores when a quota is no smaller', { cores: 2, cpuLimit: 2 }, 'cores', { cores: 2 }],
    ['its quota in tenths', { cores: 4, cpuLimit: 1.5 }, 'cpulimit', { cores: 1.5 }],
    ['its cores in tenths when it has no quota', { cores: 4 }, 'cpulimit', { cores: 4 }],
    ['the smaller of both in tenths', { cores: 1, cpuLimit: 1.5 }, 'cpulimit', { cores: 1 }],
    ['unknown memory when none is set', {}, 'cores', { memoryMb: undefined }],
  ] as const)('is %s', (_, configured, cpuUnit, expected) => {
    expect(allocationOf({ ...NOTHING, ...configured }, { cpuUnit, hostCores: 8 })).toMatchObject(expected)
  })

  test('is unknown without cores and without a host', () => {
    expect(allocationOf(NOTHING, { cpuUnit: 'cores', hostCores: undefined }).cores).toBeUndefined()
  })
})

function decision(fields: Partial<Decision>): Decision {
  const from = { cores: 2, memoryMb: 1_024 }
  return {
    vmid: 101,
    timeMs: 0,
    from,
    to: from,
    wanted: from,
    cores: 'keep',
    memory: 'keep',
    isToBeApplied: true,
    isInNeed: false,
    reasons: [],
    policy: 'test',
    ...UNHELD,
    ...fields,
  }
}

describe('what is set', () => {
  const configured = { cores: 2, cpuLimit: null, memoryMb: 1_024 }
  const grown = { cores: 3, memoryMb: 2_048 }

  test('is only what changes', () => {
    expect(settingOf(decision({ to: grown, cores: 'up' }), configured, 'cores')).toEqual({ cores: 3 })
    expect(settingOf(decision({ to: grown, memory: 'up' }), configured, 'cores')).toEqual({ memoryMb: 2_048 })
    expect(settingOf(decision({}), configured, 'cores')).toEqual({})
  })

  test('is a quota without the last digits of binary fractions', () => {
    const to = { cores: 0.1 + 0.2, memoryMb: 1_024 }
    expect(settingOf(decision({ to, cores: 'down' }), configured, 'cpulimit')).toEqual({ cpuLimit: 0.3 })
  })

  test('is more whole cores as well when the quota goes beyond them', () => {
    const to = { cores: 2.4, memoryMb: 1_024 }
    expect(settingOf(decision({ to, cores: 'up' }), configured, 'cpulimit')).toEqual({ cpuLimit: 2.4, cores: 3 })
    const unlimited = { ...configured, cores: null }
    expect(settingOf(decision({ to, cores: 'up' }), unlimited, 'cpulimit')).toEqual({ cpuLimit: 2.4 })
  })
})
