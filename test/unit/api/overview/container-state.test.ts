import { emptySample, NO_STEERING } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { containerState, type StateFacts } from '../../../../packages/api/src/overview/container-state.ts'
import { containerStatus } from '../../../builders/model-status.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00Z')
const sample = {
  ...emptySample(),
  timestampMs: NOW_MS - 5_000,
  cpuCoresUsed: 0.5,
  cpuCores: 2,
  memoryUsageMb: 512.4,
  memoryLimitMb: 1_024,
}

type Decision = NonNullable<ReturnType<typeof containerStatus>['decision']>

function decision(changes: Partial<Decision> = {}): Decision {
  const size = { cores: 2, memory_mb: 1_024 }
  return {
    time: '2026-03-01T11:59:55.000Z',
    policy: 'adaptive',
    from: size,
    to: size,
    wanted: size,
    cores: 'keep',
    memory: 'keep',
    is_in_need: false,
    is_to_be_applied: true,
    reasons: [],
    held_by: { cores: null, memory: null },
    held_until: { cores: null, memory: null },
    at_maximum: { cores: false, memory: false },
    limits: { min_cores: 1, max_cores: 4, min_memory_mb: 256, max_memory_mb: 2_048 },
    ...changes,
  }
}

function held(rule: string, changes: Partial<Decision> = {}): Partial<StateFacts> {
  const wanted = { cores: 1, memory_mb: 1_024 }
  const reasons = [{ rule, text: `because of ${rule}` }]
  return decided(decision({ wanted, reasons, held_by: { cores: rule, memory: null }, ...changes }))
}

function decided(made: Decision, changes: Parameters<typeof containerStatus>[0] = {}): Partial<StateFacts> {
  return { decided: containerStatus({ decision: made, ...changes }) }
}

const grows = { to: { cores: 3, memory_mb: 1_024 }, cores: 'up' } as const
const verdict = {
  is_anomalous: true,
  is_acted_on: true,
  confidence: 0.9,
  score: 0.7,
  threshold: 0.6,
  source: 'container' as const,
  features: [],
  why: 'memory rises as never before',
}
const boost = {
  lxc_id: 101,
  change_id: 'c',
  until: '2026-03-01T13:00:00.000Z',
  who: 'anna',
  before: { cores: 2, cpulimit: null, memory_mb: 1_024, swap_mb: 0 },
  given: { cores: 4, cpulimit: null, memory_mb: 1_024, swap_mb: 0 },
  trouble: null,
}

function stateOf(facts: Partial<StateFacts>) {
  return containerState({
    nowMs: NOW_MS,
    container: { status: 'running', lock: undefined },
    steering: NO_STEERING,
    sample,
    maxSampleAgeMs: 60_000,
    decided: containerStatus({ decision: decision() }),
    standstill: undefined,
    isDryRun: false,
    ...facts,
  })
}

describe('a container', () => {
  // biome-ignore format: a table
  test.each<[string, Partial<StateFacts>, string, RegExp]>([
    ['that has what it needs', {}, 'fits', /^it uses 0.5 of 2 cores and 512 of 1024 MB$/],
    ['that is made smaller', decided(decision({ to: { cores: 1, memory_mb: 1_024 }, cores: 'down' })), 'fits', /is made smaller: cores from 2 to 1$/],
    ['that is off', { container: { status: 'stopped', lock: undefined } }, 'stopped', /does not run/],
    ['that nobody can look at', { container: { status: 'unknown', lock: undefined } }, 'no_data', /not known/],
    ['that Proxmox works on', { container: { status: 'running', lock: 'backup' } }, 'locked', /"backup"/],
    ['that HA moves', { container: { status: 'running', lock: undefined, haBusy: 'the HA manager moves it to node b (migrate)' } }, 'locked', /^the HA manager moves it to node b/],
    ['that is paused for good', { steering: { ...NO_STEERING, paused_until: 'forever' } }, 'paused', /until that is ended/],
    ['that is paused for a while', { steering: { ...NO_STEERING, paused_until: '2026-03-01T13:00:00.000Z' } }, 'paused', /^left alone until 2026-03-01 \d\d:00$/],
    ['of which nobody knows what was told', { steering: { ...NO_STEERING, problem: 'steering.json: is damaged' } }, 'paused', /not known what was said of it: steering.json: is damaged$/],
    ['in the mode off', { decided: containerStatus({ mode: 'off' }) }, 'paused', /never changed/],
    ['in the mode recommend', { steering: { ...NO_STEERING, mode: 'recommend' } }, 'paused', /told, not done/],
    ['that is not measured', { sample: undefined }, 'no_data', /none of it/],
    ['whose figures are old', { sample: { ...sample, timestampMs: NOW_MS - 61_000 } }, 'no_data', /newest figures are of 2026-03-01/],
    ['of which nothing could be measured', { sample: { ...sample, cpuCoresUsed: undefined, memoryUsageMb: undefined } }, 'no_data', /neither/],
    ['while the model is down', { standstill: 'it does not run' }, 'no_data', /at present: it does not run/],
    ['whose size is not known', { decided: containerStatus({ problem: 'pct timed out' }) }, 'no_data', /pct timed out/],
    ['that is strange', { decided: containerStatus({ verdict }) }, 'abnormal', /^memory rises as never before; it is not made smaller meanwhile$/],
    ['that is strange, and nobody is sure', { decided: containerStatus({ verdict: { ...verdict, is_acted_on: false } }) }, 'abnormal', /^memory rises as never before$/],
    ['that was given more for a while', { steering: { ...NO_STEERING, boost } }, 'boosted', /anna .* until 2026-03-01/],
    ['that wants more than its maximum', decided(decision({ wanted: { cores: 6, memory_mb: 1_024 }, at_maximum: { cores: true, memory: false } })), 'at_maximum', /^6 cores are wanted, its maximum is 4$/],
    ['that wants more memory than its maximum', decided(decision({ wanted: { cores: 1, memory_mb: 6_000 }, at_maximum: { cores: false, memory: true } })), 'at_maximum', /^6000 MB are wanted, its maximum is \d+ MB$/],
    ['that the host has no more for', held('share-host', { wanted: { cores: 6, memory_mb: 1_024 } }), 'at_maximum', /share-host/],
    ['that grows', decided(decision(grows)), 'growing', /^it grows: cores from 2 to 3$/],
    ['that would grow', { ...decided(decision(grows)), isDryRun: true }, 'growing', /no dry run: cores from 2 to 3$/],
    ['whose growth was refused', decided(decision(grows), { last_change: { time: '2026-03-01T11:59:56.000Z', from: { cores: 2, memory_mb: 1 }, to: { cores: 3, memory_mb: 1 }, outcome: 'refused', code: 'HOST_CAPACITY', text: 'the host is full' } }), 'cooling_down', /came to nothing: the host is full$/],
    ['that waits', held('hold-in-shrink-cooldown'), 'cooling_down', /hold-in-shrink-cooldown/],
    ['that a person changed', held('keep-truce', { wanted: { cores: 3, memory_mb: 1_024 } }), 'cooling_down', /keep-truce/],
    ['that is not shrunk', held('hold-in-quarantine'), 'shrink_held', /hold-in-quarantine/],
    ['of which the figures contradict each other', held('require-sound-data'), 'no_data', /require-sound-data/],
    ['that would have a little less', held('hold-small-changes'), 'fits', /uses/],
    ['that is watched', { decided: containerStatus({ decision: decision(), learning: true }) }, 'learning', /long enough/],
    ['that is watched before it is shrunk', { decided: { ...containerStatus({ learning: true }), ...held('hold-while-learning').decided, learning: true } }, 'learning', /hold-while-learning/],
    ['that is new', { decided: undefined }, 'learning', /not looked at it yet/],
  ])('%s', (_name, facts, state, text) => {
    expect(stateOf(facts)).toEqual({ state, text: expect.stringMatching(text) })
  })

  test('is told from what weighs more: a lock before a pause, a pause before what is strange', () => {
    const facts = {
      steering: { ...NO_STEERING, paused_until: 'forever' as const },
      decided: containerStatus({ verdict }),
    }
    expect(stateOf(facts).state).toBe('paused')
    expect(stateOf({ ...facts, container: { status: 'running', lock: 'backup' } }).state).toBe('locked')
  })
})
