import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { AutoscaleError, loadConfig, MB_PER_GB, MetricsFileSource } from '@lxc-autoscale/core'
import {
  type ContainerSettings,
  containerSettings,
  MODEL_CONFIG_RULES,
  type ModelConfig,
  POLICY_NAMES,
  type PolicyName,
} from '@lxc-autoscale/model'
import {
  bill,
  DEFAULT_SWAP_MB,
  decisionsCsv,
  htmlReport,
  type MemoryMargin,
  MetricsTraces,
  parseTraceCsv,
  REPLAY_INTERVAL_S,
  type ReplayBill,
  type ReplayedPolicy,
  type ReplayedTrace,
  type ReplayRun,
  replayContainer,
  SHAPE_NAMES,
  shapeTrace,
  startingSize,
  staticRun,
  type Trace,
} from '@lxc-autoscale/replay'
import { Command, Option } from 'commander'
import { type Progress, startProgress } from '../output/progress.ts'
import { standardTerminal, table } from '../output/terminal.ts'
import { readText } from '../read-text.ts'
import { megabytesArgument } from './arguments.ts'

interface ReplayCommandOptions {
  readonly trace?: string
  readonly metrics?: string
  readonly shapes?: string | true
  readonly policy?: PolicyName
  readonly mode?: 'int' | 'frac'
  readonly swap?: number
  readonly config?: string
  readonly decisions?: string
  readonly html?: string
  readonly json?: boolean
}

const SHAPE_DAYS = 14
const DEFAULT_SEED = 1

/** `lxc-autoscale replay`: what the policies would have done with a trace or with the host's own history. */
export function replayCommand(): Command {
  return new Command('replay')
    .description("what the policies would have done with a trace, or with this host's own history")
    .option('--trace <file.csv>', 'a trace: t_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc')
    .option('--metrics <file.json>', 'a metrics file, as lxc_monitor writes it')
    .option('--shapes [seed]', 'two weeks of each workload shape of docs/sizing.md (default seed: 1)')
    .addOption(
      new Option(
        '--policy <name>',
        'only this policy (default: all of them; with --decisions the configured one)',
      ).choices([...POLICY_NAMES]),
    )
    .addOption(
      new Option('--mode <mode>', 'whole cores or tenths (default: as configured, else int)').choices(['int', 'frac']),
    )
    .option(
      '--swap <MB>',
      'swap of a container: more demand above the limit kills (default: 512 as Proxmox gives; with --decisions 0, as nothing may tell how much more it was)',
      megabytesArgument,
    )
    .option('--config <file>', 'lxc_autoscale_ml.yaml with the limits and settings (default: 1 core or 0.1, and 64 MB)')
    .option('--decisions <out.csv>', 'write the decisions: t_seconds,cpu_cores,mem_mb (one trace, one policy)')
    .option('--html <out.html>', 'write one page with the curves')
    .option('--json', 'print JSON')
    .action(async (options: ReplayCommandOptions) => {
      const config = readConfig(options.config)
      const traces = await readTraces(options)
      const policies = chosenPolicies(options, config)
      if (options.decisions !== undefined && traces.length !== 1) {
        throw new AutoscaleError('INVALID_REQUEST', `--decisions needs one trace; there are ${traces.length}`)
      }
      const swapMb = options.swap ?? (options.decisions === undefined ? DEFAULT_SWAP_MB : 0)
      const memoryMargin = await apiMargin()
      const replayed = await replayAll({ traces, policies, config, memoryMargin, swapMb, mode: options.mode })
      writeOutputs(replayed, options)
      standardTerminal(options.json ?? false).answer(jsonReport(replayed), () =>
        table(TABLE_HEADINGS, tableRows(replayed)),
      )
    })
}

/** Two weeks of the named shapes under all policies, as `lxc-autoscale replay --shapes` has them. */
export async function replayedShapes(
  mode: 'int' | 'frac',
  names: readonly string[] = SHAPE_NAMES,
): Promise<ReplayedTrace[]> {
  const traces = names.map(name => shapeTrace(name, { seed: DEFAULT_SEED, days: SHAPE_DAYS }))
  const memoryMargin = await apiMargin()
  return replayAll({ traces, policies: POLICY_NAMES, config: undefined, memoryMargin, swapMb: DEFAULT_SWAP_MB, mode })
}

/** All policies side by side, unless one is named, or decisions of one are to be written. */
function chosenPolicies(
  { policy, decisions }: ReplayCommandOptions,
  config: ModelConfig | undefined,
): readonly PolicyName[] {
  if (policy !== undefined) return [policy]
  return decisions === undefined ? POLICY_NAMES : [config?.scaling.policy ?? POLICY_NAMES[0]]
}

function readConfig(file: string | undefined): ModelConfig | undefined {
  return file === undefined ? undefined : loadConfig(file, MODEL_CONFIG_RULES).config
}

async function readTraces({ trace, metrics, shapes }: ReplayCommandOptions): Promise<Trace[]> {
  if ([trace, metrics, shapes].filter(source => source !== undefined).length !== 1) {
    throw new AutoscaleError('INVALID_REQUEST', 'name one of --trace, --metrics and --shapes')
  }
  if (shapes !== undefined) return generateShapes(shapes === true ? String(DEFAULT_SEED) : shapes)
  if (trace !== undefined) return [parseTraceCsv(basename(trace, '.csv'), readText(trace))]
  return readMetrics(metrics ?? '')
}

function generateShapes(text: string): Trace[] {
  const seed = Number(text)
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new AutoscaleError('INVALID_REQUEST', `--shapes ${text}: the seed must be a whole number from 0 on`)
  }
  return SHAPE_NAMES.map(name => shapeTrace(name, { seed, days: SHAPE_DAYS }))
}

/** Read as the model reads it, so whoever wrote the file, on one line or on many. */
async function readMetrics(file: string): Promise<Trace[]> {
  const gathered = new MetricsTraces(-new Date().getTimezoneOffset() * 60_000)
  const source = new MetricsFileSource({ path: file, maxBytes: Number.POSITIVE_INFINITY })
  const { kind } = await source.follow(cycle => gathered.add(cycle))
  if (kind === 'missing') throw new AutoscaleError('HOST_UNREADABLE', `${file}: is not there`)
  const traces = gathered.traces()
  if (traces.length === 0) throw new AutoscaleError('INVALID_REQUEST', `${file}: holds no container with two samples`)
  return traces
}

interface ReplayPlan {
  readonly traces: readonly Trace[]
  readonly policies: readonly PolicyName[]
  readonly config: ModelConfig | undefined
  readonly memoryMargin: MemoryMargin
  readonly swapMb: number
  readonly mode: ReplayCommandOptions['mode']
}

async function replayAll(plan: ReplayPlan): Promise<ReplayedTrace[]> {
  const { traces, policies } = plan
  const progress = startProgress('replaying', traces.length * policies.length)
  const replayed: ReplayedTrace[] = []
  for (const [at, trace] of traces.entries()) {
    await progress.nextPart()
    const update = (done: number, policy: string) =>
      progress.update(at * policies.length + done, `${trace.name} ${policy}`)
    replayed.push(replayTrace(trace, plan, update))
  }
  progress.stop()
  return replayed
}

function replayTrace(
  trace: Trace,
  { policies, config, memoryMargin, swapMb, mode }: ReplayPlan,
  update: Progress['update'],
): ReplayedTrace {
  const intervalS = config?.interval_seconds ?? REPLAY_INTERVAL_S
  const billed = (policy: string, run: ReplayRun): ReplayedPolicy => ({
    policy,
    run,
    bill: bill(trace, run, swapMb),
  })
  const vmid = Number(/^\d{3,9}$/.exec(trace.name)?.[0] ?? 100)
  const start = startingSize(trace)
  const runs = policies.map((policy, index) => {
    const onProgress = (share: number) => update(index + share, policy)
    const settings = replaySettings({ vmid, policy, config, mode })
    return billed(policy, replayContainer(trace, { vmid, settings, intervalS, memoryMargin, swapMb, onProgress }))
  })
  return { trace, policies: [billed('static', staticRun(trace, start.cores, start.memoryMb)), ...runs] }
}

/** The margin of the API as it comes. */
export async function apiMargin(): Promise<MemoryMargin> {
  const { API_CONFIG_RULES } = await import('@lxc-autoscale/api')
  const { memory_margin_mb: mb, memory_margin_percent: percent } = API_CONFIG_RULES.schema.parse({}).safety
  return { mb, percent }
}

function writeOutputs(replayed: readonly ReplayedTrace[], { decisions, html }: ReplayCommandOptions): void {
  const run = replayed[0]?.policies.at(-1)?.run
  if (decisions !== undefined && run !== undefined) writeFileSync(decisions, decisionsCsv(run))
  if (html !== undefined) writeFileSync(html, htmlReport(replayed, 'What the policies would have done'))
}

function difference(before: number | undefined, after: number | undefined): number | null {
  return before === undefined || after === undefined ? null : before - after
}

function jsonReport(replayed: readonly ReplayedTrace[]) {
  return replayed.map(({ trace, policies }) => ({
    container: trace.name,
    samples: trace.timesS.length,
    policies: policies.map(entry => ({ policy: entry.policy, ...figures(entry.bill, policies[0]?.bill) })),
  }))
}

function figures(policy: ReplayBill, unchanged: ReplayBill | undefined) {
  const savedMbHours = difference(unchanged?.memory?.allocatedHours, policy.memory?.allocatedHours)
  return {
    days: policy.days,
    cpu_slack_percent: policy.cpu?.slackPercent ?? null,
    cpu_throttled_percent: policy.cpu?.shortPercent ?? null,
    memory_slack_percent: policy.memory?.slackPercent ?? null,
    swapped: policy.memory?.swapped ?? null,
    killed: policy.memory?.kills ?? null,
    changes: policy.changes,
    saved_core_hours: difference(unchanged?.cpu?.allocatedHours, policy.cpu?.allocatedHours),
    saved_gb_hours: savedMbHours === null ? null : savedMbHours / MB_PER_GB,
  }
}

const TABLE_HEADINGS = [
  'CONTAINER',
  'POLICY',
  'CPU UNUSED',
  'THROTTLED',
  'MEMORY UNUSED',
  'SWAPPED',
  'KILLED',
  'CHANGES/DAY',
  'SAVED CORE-H',
  'SAVED GB-H',
]

type Figures = ReturnType<typeof figures>

/** A row per container and policy, and per policy over all containers when there are several; the cells of `TABLE_HEADINGS`. */
export function tableRows(replayed: readonly ReplayedTrace[]): (string | number | null)[][] {
  const rows = replayed.flatMap(({ trace, policies }) =>
    policies.map(({ policy, bill: billed }) => tableRow(trace.name, policy, figures(billed, policies[0]?.bill))),
  )
  return replayed.length > 1 ? [...rows, ...sumRows(replayed)] : rows
}

function tableRow(name: string, policy: string, row: Figures): (string | number | null)[] {
  return [
    name,
    policy,
    percent(row.cpu_slack_percent, 1),
    percent(row.cpu_throttled_percent, 3),
    percent(row.memory_slack_percent, 1),
    row.swapped,
    row.killed,
    (row.changes / row.days).toFixed(1),
    row.saved_core_hours?.toFixed(1) ?? null,
    row.saved_gb_hours?.toFixed(1) ?? null,
  ]
}

/** One row per policy over all containers: slack of the pooled hours, sums of everything else. */
function sumRows(replayed: readonly ReplayedTrace[]): (string | number | null)[][] {
  const policies = replayed[0]?.policies.map(({ policy }) => policy) ?? []
  return policies.map((policy, index) => {
    const bills = replayed.flatMap(({ policies: entries }) => entries[index]?.bill ?? [])
    const rows = replayed.flatMap(({ policies: entries }) => {
      const own = entries[index]?.bill
      return own === undefined ? [] : figures(own, entries[0]?.bill)
    })
    const sum = (figure: (row: Figures) => number | null) => total(rows.map(row => figure(row) ?? 0))
    const days = sum(row => row.days)
    return tableRow('ALL', policy, {
      days,
      cpu_slack_percent: pooledSlack(bills.map(({ cpu }) => cpu)),
      cpu_throttled_percent: sum(row => (row.cpu_throttled_percent ?? 0) * row.days) / days,
      memory_slack_percent: pooledSlack(bills.map(({ memory }) => memory)),
      swapped: sum(row => row.swapped),
      killed: sum(row => row.killed),
      changes: sum(row => row.changes),
      saved_core_hours: sum(row => row.saved_core_hours),
      saved_gb_hours: sum(row => row.saved_gb_hours),
    })
  })
}

function pooledSlack(bills: readonly ReplayBill['cpu'][]): number | null {
  const allocated = total(bills.map(each => each?.allocatedHours ?? 0))
  const used = total(bills.map(each => each?.usedHours ?? 0))
  return allocated === 0 ? null : (100 * (allocated - used)) / allocated
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function percent(value: number | null, digits: number): string | null {
  return value === null ? null : `${value.toFixed(digits)} %`
}

export interface ReplayedSettings extends Pick<ReplayPlan, 'config' | 'mode'> {
  readonly vmid: number
  readonly policy: PolicyName
}

/** The settings of a replayed container; without a file as they come, and without limits of their own. */
export function replaySettings({ vmid, policy, config, mode }: ReplayedSettings): ContainerSettings {
  const base = config ?? MODEL_CONFIG_RULES.schema.parse({})
  const isTenths = mode === undefined ? base.scaling.cpu_unit === 'cpulimit' : mode === 'frac'
  const limits =
    config === undefined
      ? { min_cpu_cores: isTenths ? 0.1 : 1, max_cpu_cores: 8_192, min_ram_mb: 64, max_ram_mb: 1_048_576 }
      : {}
  return containerSettings({
    vmid,
    name: undefined,
    tags: [],
    scaling: { ...base.scaling, ...limits, policy, cpu_unit: isTenths ? 'cpulimit' : 'cores', mode: 'auto' },
    tiers: base.tiers,
    schedules: base.schedules,
    ignoreLxc: base.ignore_lxc,
    host: undefined,
  })
}
