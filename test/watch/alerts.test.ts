import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'
import { PROMETHEUS_FOLDER, promtool, RULES_FILE } from './promtool.ts'

/** Series -> its values, one for each step, in the notation of promtool. */
type Series = Readonly<Record<string, string>>

interface AlertCase {
  /** What is looked at after so many steps of a minute, or of ten. */
  readonly steps: number
  readonly stepMinutes?: 10
  readonly fires: readonly Series[]
  readonly doesNot: readonly Series[]
}

/** A day in steps of ten minutes. */
const DAY = 24 * 6
const up = (job: string, values: string): Series => ({ [`up{job="${job}",instance="pve1"}`]: values })
const CYCLES = 'lxc_autoscale_model_cycles_total{job="lxc_autoscale_ml",instance="pve1",outcome="decided"}'
const LAST_CYCLE = 'lxc_autoscale_model_last_cycle_timestamp_seconds{job="lxc_autoscale_ml",instance="pve1"}'
const LAST_SUCCESS = 'lxc_monitor_last_success_timestamp_seconds{job="lxc_monitor",instance="pve1"}'
const STUCK = 'lxc_autoscale_deciding_state{job="lxc_autoscale_api",instance="pve1",state="stuck"}'
const modelWorks = (minutes: number): Series => ({
  ...up('lxc_autoscale_ml', `1x${minutes}`),
  [CYCLES]: `0+1x${minutes}`,
  [LAST_CYCLE]: `0+60x${minutes}`,
  [STUCK]: `0x${minutes}`,
})
const failed = (outcome: string) =>
  `lxc_autoscale_changes_not_made_total{instance="pve1",vmid="101",resource="memory",outcome="${outcome}"}`
const atMaximum = 'lxc_autoscale_container_at_maximum{instance="pve1",vmid="101",resource="cpu"}'
const kills = (limit: string) => `lxc_container_oom_kills_total{instance="pve1",vmid="101",limit="${limit}"}`
const held = (rule: string, direction = 'down') =>
  `lxc_autoscale_container_held{instance="pve1",vmid="101",resource="memory",direction="${direction}",rule="${rule}"}`
const ABNORMAL = 'lxc_autoscale_container_abnormal{instance="pve1",vmid="101"}'
const BREAKER = 'lxc_autoscale_model_api_breaker_state{instance="pve1"}'
const host = (availableMb: number, load: number): Series => ({
  'lxc_host_memory_available_bytes{instance="pve1"}': `${availableMb}x30`,
  'lxc_host_memory_bytes{instance="pve1"}': '1000x30',
  'lxc_host_load1{instance="pve1"}': `${load}x30`,
  'lxc_host_cpu_cores{instance="pve1"}': '8x30',
})
const disk = (free: number): Series => ({
  'lxc_container_filesystem_free_bytes{instance="pve1",vmid="101"}': `${free}x60`,
  'lxc_container_filesystem_size_bytes{instance="pve1",vmid="101"}': '100x60',
})

const CASES: Readonly<Record<string, AlertCase>> = {
  LxcNothingMeasured: {
    steps: 10,
    fires: [
      { ...up('lxc_monitor', '1x20'), [LAST_SUCCESS]: '60x20' },
      up('lxc_monitor', '1x3 0x17'),
      // Killed, and not scraped any more either: no series at all.
      { ...up('lxc_monitor', '1x2 stale'), [LAST_SUCCESS]: '0+60x2 stale' },
      {},
    ],
    doesNot: [
      { ...up('lxc_monitor', '1x20'), [LAST_SUCCESS]: '0+60x20' },
      { ...up('lxc_monitor', '1x8 0 1x20'), [LAST_SUCCESS]: '0+60x30' },
    ],
  },
  LxcNothingDecided: {
    steps: 40,
    fires: [
      { ...modelWorks(60), [LAST_CYCLE]: '60x60' },
      { ...modelWorks(60), [CYCLES]: '0+1x10 10x50' },
      { ...modelWorks(60), [STUCK]: '1x60' },
      { ...up('lxc_autoscale_ml', '1x10 0x50'), [CYCLES]: '0+1x10 stale', [LAST_CYCLE]: '0+60x10 stale' },
      {},
    ],
    doesNot: [modelWorks(60), { ...modelWorks(60), [CYCLES]: '0+1x20 0+1x40' }],
  },
  LxcApiDown: {
    steps: 10,
    fires: [up('lxc_autoscale_api', '1x3 0x17'), up('lxc_autoscale_api', '1x3 stale'), {}],
    doesNot: [up('lxc_autoscale_api', '1x20')],
  },
  LxcBreakerOpen: {
    steps: 12,
    fires: [{ [BREAKER]: '0x2 2x5 1 2x10' }],
    doesNot: [{ [BREAKER]: '0x20' }, { [BREAKER]: '0x8 2x2 0x10' }],
  },
  LxcChangesFail: {
    steps: 50,
    fires: [{ [failed('failed')]: '0x10 1x10 2x10 4x30' }],
    doesNot: [{ [failed('failed')]: '0x20 1x40' }, { [failed('refused')]: '0+1x60' }],
  },
  LxcHostShort: {
    steps: 20,
    fires: [host(40, 1), host(500, 17)],
    doesNot: [host(60, 15)],
  },
  LxcContainerKilled: {
    steps: 10,
    fires: [{ [kills('own')]: '0x5 1x15' }, { [kills('own')]: '3x5 1x15' }],
    doesNot: [{ [kills('own')]: '7x20' }, { [kills('nested')]: '0+1x20' }],
  },
  LxcContainerAtMaximum: {
    steps: DAY + 3,
    stepMinutes: 10,
    fires: [{ [atMaximum]: `1x${DAY + 6}` }, { [atMaximum]: `1x30 _ 1x${DAY}` }],
    doesNot: [{ [atMaximum]: `0x60 1x${DAY}` }],
  },
  LxcShrinkHeld: {
    steps: DAY + 3,
    stepMinutes: 10,
    fires: [{ [held('hold-while-abnormal')]: `1x${DAY + 6}` }],
    doesNot: [
      { [held('hold-while-learning')]: `1x${DAY + 6}` },
      { [held('share-host', 'up')]: `1x${DAY + 6}` },
      { [held('hold-while-abnormal')]: `1x60 stale` },
    ],
  },
  LxcDiskNearlyFull: { steps: 40, fires: [disk(9)], doesNot: [disk(11)] },
  LxcContainerAbnormal: {
    steps: 20,
    fires: [{ [ABNORMAL]: '0x5 1x20' }],
    doesNot: [{ [ABNORMAL]: '0x20' }, { [ABNORMAL]: '0x5 1x5 0x20' }],
  },
}

describe.skipIf(PROMETHEUS_FOLDER === undefined)('the rules', () => {
  test('and the scrape configuration are ones that Prometheus takes', () => {
    const folder = join(RULES_FILE, '..')
    const files = ['lxc-autoscale.rules.yml', 'predecessor-names.rules.yml'].map(name => join(folder, name))
    expect(promtool(['check', 'rules', ...files])).toMatchObject({ exitCode: 0 })
    const config = readFileSync(join(folder, 'prometheus.yml'), 'utf8').replace(/^rule_files:\n.*\n/m, '')
    const file = join(temporaryDirectory(), 'prometheus.yml')
    writeFileSync(file, config)
    expect(promtool(['check', 'config', file])).toMatchObject({ exitCode: 0 })
  })

  test('each have a case that fires and one that does not', () => {
    const { groups }: { groups: { rules: { alert?: string }[] }[] } = parse(readFileSync(RULES_FILE, 'utf8'))
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))
    expect(Object.keys(CASES).sort()).toEqual(alerts.sort())
  })

  test.each(Object.entries(CASES))(
    '%s fires when it should, and not otherwise',
    (alert, { steps, stepMinutes = 1, fires, doesNot }) => {
      const file = join(temporaryDirectory(), 'case.json')
      const expression = `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`
      const group = (series: Series, isFiring: boolean) => ({
        interval: `${stepMinutes}m`,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `${expression} > bool 0`,
            eval_time: `${steps * stepMinutes}m`,
            exp_samples: [{ labels: '{}', value: isFiring ? 1 : 0 }],
          },
        ],
      })
      const tests = [...fires.map(series => group(series, true)), ...doesNot.map(series => group(series, false))]
      const evaluation_interval = `${stepMinutes}m`
      writeFileSync(file, JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval, tests }))
      expect(promtool(['test', 'rules', file])).toEqual({ exitCode: 0, text: expect.stringContaining('SUCCESS') })
    },
  )

  test('say which container it is, by its name where that is known', () => {
    const file = join(temporaryDirectory(), 'case.json')
    const named = (name: string) => ({
      eval_time: '20m',
      alertname: 'LxcContainerAbnormal',
      exp_alerts: [
        {
          exp_labels: { severity: 'info', instance: 'pve1', vmid: '101' },
          exp_annotations: {
            summary: 'Container 101 of pve1 is abnormal for its isolation forest: it behaves unlike before.',
            name,
            mend: 'lxc-autoscale explain 101',
          },
        },
      ],
    })
    const abnormal = { series: ABNORMAL, values: '1x20' }
    const name = { series: 'lxc_container_info{instance="pve1",vmid="101",name="shop"}', values: '1x20' }
    const tests = [
      { interval: '1m', input_series: [abnormal, name], alert_rule_test: [named('shop')] },
      { interval: '1m', input_series: [abnormal], alert_rule_test: [named('')] },
    ]
    writeFileSync(file, JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval: '1m', tests }))
    expect(promtool(['test', 'rules', file])).toEqual({ exitCode: 0, text: expect.stringContaining('SUCCESS') })
  })
})
