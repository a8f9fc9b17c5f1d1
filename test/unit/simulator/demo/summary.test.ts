import { type ContainerConfigBody, NO_STEERING } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import type { Decision } from '../../../../packages/simulator/src/demo/decision.ts'
import { summaryTable } from '../../../../packages/simulator/src/demo/summary.ts'

function container(lxc_id: number, name: string, cores: number, memory_mb: number): ContainerConfigBody {
  const allocation = { cores, cpulimit: null, memory_mb, swap_mb: 0 }
  const state = {
    lock: null,
    ha_managed: false,
    ha_busy: null,
    balancer_hold_seconds: null,
    template: false,
    tags: [],
    uptime_seconds: 1,
    status: 'running' as const,
    least_memory_mb: null,
    raw_limits: { cores: null, memory: null },
    steering: NO_STEERING,
  }
  return { ...allocation, lxc_id, vm_id: lxc_id, name, in_force: allocation, ...state }
}

function decision(parts: Partial<Decision>): Decision {
  const said = { why: '', person: undefined, problem: undefined }
  return { id: 'a', vmid: 101, name: 'shop', steps: [], outcome: 'applied', ...said, ...parts }
}

test('each container has a row with where it began, where it ended and how often it changed', () => {
  const table = summaryTable({
    before: [container(101, 'shop', 1, 768), container(102, 'database', 6, 6_144)],
    after: [container(101, 'shop', 3, 768), container(102, 'database', 6, 4_096)],
    decisions: [
      decision({ steps: [{ resource: 'cores', from: 1, to: 2 }] }),
      decision({ steps: [{ resource: 'cores', from: 2, to: 3 }] }),
      decision({ vmid: 102, steps: [{ resource: 'memory', from: 6_144, to: 4_096 }] }),
      decision({ outcome: 'refused', steps: [{ resource: 'cores', from: 3, to: 9 }] }),
    ],
    shapes: new Map([
      [101, 'ramp'],
      [102, 'steady'],
    ]),
    kills: new Map([[101, 2]]),
    standing: new Map([[102, new Set(['at its maximum', 'not shrunk while abnormal'])]]),
  })
  expect(table.split('\n')).toEqual([
    'id   name      load    cores  changes  memory          changes  OOM kills  and',
    '---  --------  ------  -----  -------  --------------  -------  ---------  -----------------------------------------',
    '101  shop      ramp    1 → 3  ↑2 ↓0    768 → 768 MB    ↑0 ↓0    2',
    '102  database  steady  6 → 6  ↑0 ↓0    6144 → 4096 MB  ↑0 ↓1    0          at its maximum, not shrunk while abnormal',
    '',
    '4 decisions: cores 2 up, 0 down; memory 0 up, 1 down; 1 not carried out',
    '',
  ])
})
