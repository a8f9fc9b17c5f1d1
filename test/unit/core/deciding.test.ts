import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DECIDING_PROBLEMS, type DecidingFacts, type DecidingProblem, decidingVerdict } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { containerStatus, MEASURED, modelStatus } from '../../builders/model-status.ts'

const ENDED_MS = Date.parse('2026-03-01T12:00:00Z')
const RUNNING = { pid: 4_711, sinceMs: ENDED_MS - 3_600_000 }

function facts(changes: Partial<DecidingFacts> = {}): DecidingFacts {
  return {
    nowMs: ENDED_MS + 20_000,
    model: RUNNING,
    statusFile: '/model-status.json',
    status: modelStatus(),
    statusProblem: undefined,
    ...changes,
  }
}

/** After a cycle that gave no allocations. */
function failed(code: 'UNAUTHORIZED' | 'SCALING_API_UNREACHABLE' | 'SCALING_API_MALFORMED' | 'HOST_UNREADABLE') {
  return modelStatus({ cycle: { outcome: 'no-allocations', text: 'the reason', code } })
}

const refused = {
  time: '2026-03-01T11:59:00.000Z',
  from: { cores: 2, memory_mb: 1_024 },
  to: { cores: 3, memory_mb: 1_024 },
  outcome: 'refused',
  code: 'FORBIDDEN',
  text: 'the role read may not scale',
} as const
const applied = { ...refused, outcome: 'applied', code: null, text: 'done' } as const

describe('it is deciding', () => {
  test('when the last cycle did, and it ended within three intervals', () => {
    expect(decidingVerdict(facts({ nowMs: ENDED_MS + 180_000 }))).toEqual({
      state: 'deciding',
      text: 'deciding: the last cycle ended 180 s ago, 1 container',
      problems: [],
    })
  })

  test.each<[string, Partial<DecidingFacts>]>([
    ['with a short interval, while a cycle waits', { status: modelStatus({ cycle: { interval_seconds: 1 } }) }],
    ['when nobody can tell whether it runs', { model: undefined }],
    ['when it has no container yet', { status: modelStatus({ containers: [] }) }],
    ['when the API answers', { api: 'answers' }],
    [
      'when one of its containers is not paused',
      { status: modelStatus({ containers: [containerStatus({ mode: 'off' }), containerStatus()] }) },
    ],
    [
      'when the API knows nothing of a container that is gone',
      {
        status: modelStatus({
          containers: [
            containerStatus({
              allocation: null,
              problem: 'not named',
              newest: { ...MEASURED, time: '2026-03-01T11:00:00Z' },
            }),
          ],
        }),
      },
    ],
    [
      'when a change was made after one that was refused',
      {
        status: modelStatus({
          containers: [
            containerStatus({ last_change: refused }),
            containerStatus({ last_change: { ...applied, time: '2026-03-01T11:59:30.000Z' } }),
          ],
        }),
      },
    ],
  ])('%s', (_, changes) => {
    expect(decidingVerdict(facts(changes))).toMatchObject({ state: 'deciding', problems: [] })
  })

  test.each(['audit_unreadable', 'learned_unsaved'] as const)('and says so when %s', code => {
    const verdict = decidingVerdict(facts({ status: modelStatus({ warnings: [{ code, text: 'the disk is full' }] }) }))
    expect(verdict).toMatchObject({ state: 'deciding', problems: [{ code, mend: expect.stringMatching(/./) }] })
    expect(verdict.text).toContain('; but the disk is full')
  })
})

/** Everything that stops it, each with what must be said first. */
const STUCK: readonly [DecidingProblem, Partial<DecidingFacts>, mend: RegExp][] = [
  ['model_not_running', { model: 'not running' }, /^systemctl start lxc_autoscale_ml \|\| journalctl/],
  [
    'model_not_running',
    { model: 'not running', status: undefined, statusProblem: 'damaged' },
    /start lxc_autoscale_ml/,
  ],
  [
    'status_unreadable',
    { status: undefined, statusProblem: 'damaged' },
    /^rm -r \/model-status.json; systemctl restart/,
  ],
  [
    'no_cycle_yet',
    { status: undefined, model: { ...RUNNING, sinceMs: ENDED_MS - 101_000 } },
    /restart lxc_autoscale_ml/,
  ],
  ['no_cycle_yet', { status: undefined, model: undefined }, /restart lxc_autoscale_ml/],
  ['no_cycle_yet', { model: { ...RUNNING, pid: 5_000 } }, /restart lxc_autoscale_ml/],
  ['cycle_late', { nowMs: ENDED_MS + 180_001 }, /restart lxc_autoscale_ml/],
  ['cycle_late', { nowMs: ENDED_MS + 30_001, status: modelStatus({ cycle: { interval_seconds: 1 } }) }, /restart/],
  ['clock_set_back', { nowMs: ENDED_MS - 60_001 }, /timedatectl/],
  ['data_stale', { status: modelStatus({ cycle: { outcome: 'stale', text: 'too old' } }) }, /restart lxc_monitor/],
  [
    'metrics_unreadable',
    { status: modelStatus({ cycle: { outcome: 'unreadable', text: 'a folder' }, metrics: { file: '/m.json' } }) },
    /^mv "\$\(readlink -f \/m.json\)"\{,.old\}; systemctl restart lxc_monitor$/,
  ],
  ['key_refused', { status: failed('UNAUTHORIZED') }, /reload lxc_autoscale_api/],
  ['key_refused', { status: modelStatus({ containers: [containerStatus({ last_change: refused })] }) }, /role scale/],
  ['api_failing', { status: failed('SCALING_API_UNREACHABLE') }, /restart lxc_autoscale_api/],
  [
    'api_failing',
    { status: failed('SCALING_API_UNREACHABLE'), api: 'answers' },
    /reload lxc_autoscale_ml.*api.api_url/,
  ],
  ['api_failing', { status: failed('SCALING_API_MALFORMED') }, /ss -ltnp/],
  ['api_failing', { status: failed('HOST_UNREADABLE') }, /pve-cluster/],
  ['api_silent', { api: { problem: 'no answer' } }, /restart lxc_autoscale_api/],
  [
    'pauses_unreadable',
    { status: modelStatus({ warnings: [{ code: 'pauses_unreadable', text: 'left alone' }] }) },
    /^set that file right/,
  ],
  ['breaker_open', { status: modelStatus({ api: { breaker: 'open' } }) }, /reload lxc_autoscale_ml/],
  [
    'allocations_unknown',
    { status: modelStatus({ containers: [containerStatus({ allocation: null, problem: 'torn file' })] }) },
    /journalctl -u lxc_autoscale_api/,
  ],
]

describe('it is stuck', () => {
  test.each(STUCK)('by %s (%#)', (code, changes, mend) => {
    const verdict = decidingVerdict(facts(changes))
    expect(verdict).toMatchObject({ state: 'stuck', problems: [{ code, mend: expect.stringMatching(mend) }] })
    expect(verdict.text).toBe(`not deciding: ${verdict.problems[0]?.text}`)
  })

  test('says what follows from the cause after it, and what is set so last', () => {
    const { state, problems } = decidingVerdict(
      facts({ status: { ...failed('UNAUTHORIZED'), api: { url: '', breaker: 'open' }, dry_run: true } }),
    )
    expect(state).toBe('stuck')
    expect(problems.map(({ code }) => code)).toEqual(['key_refused', 'breaker_open', 'dry_run'])
  })

  test('says nothing of a cycle that is no longer of this moment, but that the API does not answer', () => {
    const status = failed('UNAUTHORIZED')
    const { problems } = decidingVerdict(facts({ model: 'not running', status, api: { problem: 'no answer' } }))
    expect(problems.map(({ code }) => code)).toEqual(['model_not_running', 'api_silent'])
  })

  test('says once that the API fails when model and asker found that', () => {
    const status = failed('SCALING_API_UNREACHABLE')
    expect(decidingVerdict(facts({ status, api: { problem: 'no answer' } })).problems).toHaveLength(1)
  })
})

/** What somebody set so, and the start. */
const IDLE: readonly [DecidingProblem, Partial<DecidingFacts>, text: string][] = [
  ['dry_run', { status: modelStatus({ dry_run: true }) }, 'deciding, but nothing is changed: dry run'],
  [
    'all_paused',
    { status: modelStatus({ containers: [containerStatus({ mode: 'off' })] }) },
    'nothing is changed: all 1',
  ],
  ['all_paused', { status: modelStatus({ containers: [containerStatus({ mode: 'recommend' })] }) }, 'on recommend'],
  [
    'all_paused',
    { status: modelStatus({ containers: [containerStatus({ paused_until: '2026-03-02T00:00:00Z' })] }) },
    'paused',
  ],
  ['no_cycle_yet', { status: undefined, model: { ...RUNNING, sinceMs: ENDED_MS } }, 'not deciding yet'],
  ['no_cycle_yet', { model: { pid: 5_000, sinceMs: ENDED_MS } }, 'started 20 s ago'],
]

describe('it is idle', () => {
  test.each(IDLE)('by %s (%#)', (code, changes, text) => {
    expect(decidingVerdict(facts(changes))).toMatchObject({
      state: 'idle',
      text: expect.stringContaining(text),
      problems: [{ code }],
    })
  })
})

test('each problem of the list can be found', () => {
  const found = [...STUCK, ...IDLE].map(([code]) => code)
  expect(new Set([...found, 'audit_unreadable', 'learned_unsaved'])).toEqual(new Set(DECIDING_PROBLEMS))
})

test('each problem of the list is explained to the administrator', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
  expect(DECIDING_PROBLEMS.filter(code => !page.includes(`\`${code}\``))).toEqual([])
})
