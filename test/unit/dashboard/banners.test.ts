import { type OverviewHead, VERSION } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { backOffMs } from '../../../packages/dashboard/src/back-off.ts'
import { bannersOf, mendParts } from '../../../packages/dashboard/src/banners.ts'

const LIVE = { state: 'live' } as const

function overviewHead(fields: Partial<OverviewHead> = {}): OverviewHead {
  const none = { total: null, given: null, used: null, available: null, reserved: null }
  return {
    now: '2026-03-01T00:00:00Z',
    version: VERSION,
    node: 'pve',
    cluster: null,
    caller: { key: 'me', role: 'admin' },
    is_authenticated: true,
    is_dry_run: false,
    interval_seconds: 10,
    newest_sample: null,
    verdict: { state: 'deciding', text: 'deciding', problems: [] },
    daemons: [{ name: 'lxc_monitor', state: 'running', detail: '' }],
    failed_checks: [],
    looked_after: 1,
    paused: 0,
    containers: 1,
    cores: none,
    memory_mb: none,
    freed_since_install: { cores: 0, memory_mb: 0 },
    freed_last_7_days: { cores: 0, memory_mb: 0 },
    ...fields,
  }
}

test('where all is well nothing stands above the page', () => {
  expect(bannersOf(overviewHead(), LIVE)).toEqual([])
  expect(bannersOf(undefined, { state: 'connecting' })).toEqual([])
})

test('a lost connection says since when and why, also before anything was known', () => {
  const lost = {
    state: 'lost',
    sinceMs: new Date(2026, 2, 1, 13, 5).getTime(),
    reason: 'the API does not answer',
  } as const
  const [banner] = bannersOf(overviewHead(), lost)
  expect(banner?.text).toContain('Not live since 2026-03-01 13:05: the API does not answer.')
  expect(bannersOf(undefined, { ...lost, sinceMs: undefined })[0]?.text).toContain('Not live: the API does not answer.')
})

test('one thing that is wrong is told once, with the command that mends it', () => {
  const verdict = {
    state: 'stuck' as const,
    text: 'not deciding',
    problems: [
      { code: 'model_not_running' as const, text: 'the model does not run', mend: 'systemctl start lxc_autoscale_ml' },
    ],
  }
  const daemons = [
    {
      name: 'lxc_monitor',
      state: 'not running',
      detail: 'its newest figures are 90 s old: systemctl restart lxc_monitor',
    },
    { name: 'lxc_autoscale_ml', state: 'not running', detail: 'systemctl start lxc_autoscale_ml' },
  ]
  expect(bannersOf(overviewHead({ verdict, daemons }), LIVE)).toEqual([
    {
      about: 'model_not_running',
      tone: 'bad',
      text: 'the model does not run',
      mend: 'systemctl start lxc_autoscale_ml',
    },
    { about: 'lxc_monitor', tone: 'bad', text: 'lxc_monitor does not run', mend: 'systemctl restart lxc_monitor' },
  ])
})

test('another version, dry run and an API without keys are told', () => {
  const banners = bannersOf(overviewHead({ version: '9.0.0', is_dry_run: true, is_authenticated: false }), LIVE)
  expect(banners.map(({ about }) => about)).toEqual(['version', 'dry_run', 'authentication'])
})

test.each([
  ['', []],
  ['systemctl start lxc_autoscale_ml || journalctl -u lxc_autoscale_ml -n 5', [true]],
  ['systemctl restart lxc_monitor; journalctl -u lxc_monitor -n 20', [true, true]],
  ['systemctl reload lxc_autoscale_ml; if it stays: api.api_url is http://127.0.0.1:5000', [true, false]],
  ['remove that file, which ends what was paused; lxc-autoscale ignore and mode write a new one', [false, false]],
  ['lxc-autoscale ignore --all --end', [true]],
])('of "%s" only commands can be copied', (mend, isCommand) => {
  expect(mendParts(mend).map(part => part.isCommand)).toEqual(isCommand)
})

test('tries come less and less often, never all at the same moment, and never stop', () => {
  expect([0, 1, 2].map(failures => backOffMs(failures, 1))).toEqual([1_000, 2_000, 4_000])
  expect(backOffMs(0, 0)).toBe(500)
  expect(backOffMs(1_000, 1)).toBe(20_000)
})
