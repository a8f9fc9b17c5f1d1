import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import {
  AutoscaleError,
  type ContainerConfigBody,
  type ContainerConfigsBody,
  type ContainerStatus,
  type DecidingVerdict,
  givenCores,
  type HistoryEntryBody,
  type ModelStatus,
  MS_PER_SECOND,
  whoText,
} from '@lxc-autoscale/core'
import { Command, Option } from 'commander'
import { readVerdict } from '../api/read-verdict.ts'
import { allocationText } from '../output/changes.ts'
import { type Column, fitLines, wrapLines } from '../output/layout.ts'
import { ago, bad, figure, screenWidth, type Terminal, table, warned } from '../output/terminal.ts'
import { verdictLine } from '../output/verdict-line.ts'
import { countArgument } from './arguments.ts'
import { clusterLines, readCluster } from './cluster-status.ts'
import { type CommandContext, commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { modelView } from './model-view.ts'

interface StatusOptions extends HostOptions {
  readonly watch?: boolean
  readonly sort: SortName
  readonly top?: number
  readonly cluster?: boolean
}

const WATCH_MS = 2_000
/** The most that the API gives at once. */
const MOST_CHANGES = 1_000

/** `lxc-autoscale status`: what each container has and uses, and what was changed last. */
export function statusCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('status'))
    .description('what each container has and uses, and what was changed last, by whom')
    .option('--watch', 'again every 2 s, until Ctrl-C; as many rows as the screen has room for')
    .addOption(
      new Option('--sort <column>', 'by which column; the largest figure first').choices(SORT_NAMES).default('id'),
    )
    .option('--top <n>', 'only the first n rows', countArgument)
    .addOption(
      new Option('--cluster', 'all nodes and containers of the cluster instead, as this node sees them').conflicts([
        'sort',
        'top',
      ]),
    )
    .action(async (options: StatusOptions) => {
      const context = commandContext(options, environment)
      const look = () => (options.cluster ? lookAtCluster(context) : lookAtNode(context, options))
      if (!options.watch) return show(context.terminal, await look())
      for (;;) await watchOnce(context, look)
    })
}

/** What was found, and how it is shown. */
interface Look {
  readonly report: { readonly problem: string | null }
  readonly answer: (terminal: Terminal, fit: (lines: string[]) => string) => void
}

async function lookAtCluster(context: CommandContext): Promise<Look> {
  const report = await readCluster(context)
  return { report, answer: (terminal, fit) => terminal.answer(report, shown => fit(clusterLines(shown))) }
}

async function lookAtNode(context: CommandContext, options: StatusOptions): Promise<Look> {
  const report = await readStatus(context, options)
  return { report, answer: (terminal, fit) => terminal.answer(report, shown => fit(statusLines(shown, Date.now()))) }
}

interface StatusReport {
  /** Why the API says nothing of the containers; null when it does. */
  readonly problem: string | null
  readonly containers: ContainerConfigsBody['containers']
  readonly failed: ContainerConfigsBody['failed']
  /** The newest change of each container, whoever made it. */
  readonly changes: readonly HistoryEntryBody[]
  readonly model: ModelStatus | null
  readonly deciding: DecidingVerdict
}

async function readStatus({ api, configDir }: CommandContext, { sort, top }: StatusOptions): Promise<StatusReport> {
  const { containers, ...asked } = await askApi(api)
  const { config, status } = modelView(configDir)
  const report = { ...asked, model: status ?? null, deciding: await readVerdict(api, config) }
  const rows = statusRows({ ...report, containers }).sort(comparing(sort))
  return { containers: rows.slice(0, top).map(({ config }) => config), ...report }
}

/** The verdict must be seen above all when the API says nothing else. */
async function askApi(
  api: CommandContext['api'],
): Promise<Pick<StatusReport, 'containers' | 'failed' | 'changes' | 'problem'>> {
  try {
    const [configs, { entries: changes }] = await Promise.all([
      api.configs(),
      api.history({ newest: true, limit: MOST_CHANGES }),
    ])
    return { ...configs, changes, problem: null }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { containers: [], failed: [], changes: [], problem: error.message }
  }
}

function show(terminal: Terminal, { report, answer }: Look): void {
  if (report.problem !== null) process.exitCode = 1
  answer(terminal, lines => lines.join('\n'))
}

/** Shows it, also at once when the screen gets another size, for as long as it is shown. */
async function watchOnce({ terminal }: CommandContext, look: () => Promise<Look>): Promise<void> {
  const { answer } = await look()
  const isOver = delay(WATCH_MS, true as const)
  do {
    terminal.clear()
    answer(terminal, shown => {
      const lines = wrapLines(shown.join('\n'), screenWidth()).split('\n')
      return fitLines(lines, terminal.height, left => `${left} more: make the screen larger, or --sort and --top`)
    })
  } while (!(await isOverBefore(isOver, 'resize')))
}

/** Whether `isOver` resolves before the screen tells `event`. */
async function isOverBefore(isOver: Promise<true>, event: 'resize'): Promise<boolean> {
  const wait = new AbortController()
  try {
    return await Promise.race([isOver, once(process.stdout, event, { signal: wait.signal }).then(() => false)])
  } finally {
    wait.abort()
  }
}

/** What is known of one container. */
interface StatusRow {
  readonly config: ContainerConfigBody
  readonly decided: ContainerStatus | undefined
  readonly change: HistoryEntryBody | undefined
}

function statusRows({ containers, changes, model }: StatusReport): StatusRow[] {
  const decided = new Map(model?.containers.map(container => [container.vmid, container]))
  const changed = new Map(changes.map(change => [change.lxc_id, change]))
  return containers.map(config => ({
    config,
    decided: decided.get(config.lxc_id),
    change: changed.get(config.lxc_id),
  }))
}

/** What rows can be sorted by; null and undefined come last. */
const SORTS = {
  id: ({ config }: StatusRow) => -config.lxc_id,
  name: ({ config }: StatusRow) => config.name,
  state: ({ config }: StatusRow) => config.status,
  cores: ({ config }: StatusRow) => givenCores(config),
  'cores-used': ({ decided }: StatusRow) => decided?.newest?.cpu_cores_used,
  memory: ({ config }: StatusRow) => config.memory_mb,
  'memory-used': ({ decided }: StatusRow) => decided?.newest?.memory_usage_mb,
  mode: ({ decided }: StatusRow) => decided?.mode,
  'last-change': ({ change }: StatusRow) => (change === undefined ? undefined : Date.parse(change.time)),
} as const
type SortName = keyof typeof SORTS
const SORT_NAMES = Object.keys(SORTS)

function comparing(name: SortName): (a: StatusRow, b: StatusRow) => number {
  return (a, b) => {
    const [left, right] = [SORTS[name](a), SORTS[name](b)]
    const isLeftKnown = left !== null && left !== undefined
    const isRightKnown = right !== null && right !== undefined
    if (!isLeftKnown || !isRightKnown) return Number(isRightKnown) - Number(isLeftKnown)
    return typeof left === 'number' ? Number(right) - left : left.localeCompare(String(right))
  }
}

const COLUMNS: readonly Column[] = [
  { heading: 'ID' },
  { heading: 'NAME', least: 8 },
  { heading: 'STATE', dropAs: 2 },
  { heading: 'CORES' },
  { heading: 'USED' },
  { heading: 'MEMORY MB' },
  { heading: 'USED' },
  { heading: 'MODE', dropAs: 1 },
  { heading: 'LAST CHANGE', least: 15, dropAs: 4 },
  { heading: 'NOW', least: 13, dropAs: 3 },
]

function statusLines(report: StatusReport, nowMs: number): string[] {
  const { deciding, failed, problem } = report
  if (problem !== null) {
    const isSaid = deciding.problems.some(({ text }) => text === problem)
    return [verdictLine(deciding), ...(isSaid ? [] : [bad(`the containers are not known: ${problem}`)])]
  }
  const rows = statusRows(report).map(row => cells(row, nowMs))
  return [
    verdictLine(deciding),
    ...pastProgress(report.model),
    ...failed.map(({ lxc_id, message }) => warned(`${lxc_id}: ${message}`)),
    ...(rows.length === 0 ? ['no containers'] : [table(COLUMNS, rows)]),
  ]
}

/** How far the model is with asking what Proxmox has kept; nothing when it has asked. */
function pastProgress(model: ModelStatus | null): string[] {
  const { containers } = model ?? { containers: [] }
  const awaited = containers.filter(({ known }) => known.is_past_awaited).length
  return awaited === 0 ? [] : [`past known of ${containers.length - awaited} of ${containers.length} containers`]
}

function cells({ config, decided, change }: StatusRow, nowMs: number): (string | number | null)[] {
  return [
    config.lxc_id,
    config.name,
    config.lock === null ? config.status : `${config.status} (${config.lock})`,
    figure(givenCores(config)),
    figure(decided?.newest?.cpu_cores_used),
    figure(config.memory_mb),
    wholeMb(decided?.newest?.memory_usage_mb),
    decided?.mode ?? null,
    change === undefined ? null : lastChangeText(change, nowMs),
    nowText(decided),
  ]
}

function wholeMb(memoryMb: number | null | undefined): string {
  return figure(typeof memoryMb === 'number' ? Math.round(memoryMb) : memoryMb)
}

/** `model 58 s ago: 2 cores, 1024 MB`, with what was moved by it; first what must not be cut. */
function lastChangeText(change: HistoryEntryBody, nowMs: number): string {
  const { time, duration_seconds: seconds, outcome, before, after } = change
  const endMs = Date.parse(time) + (seconds ?? 0) * MS_PER_SECOND
  const moved = allocationText(after, before)
  return `${whoText(change)} ${ago(endMs, nowMs)}: ${outcome === 'applied' ? moved : outcome}`
}

/** Why the container stands as it does, in a few words. */
function nowText(decided: ContainerStatus | undefined): string | null {
  if (decided === undefined) return null
  if (decided.problem !== null) return warned(decided.problem)
  if (decided.verdict?.is_acted_on) return warned(`abnormal: ${decided.verdict.why}`)
  return decided.decision?.reasons.at(-1)?.text ?? null
}

/** `2 cores, 1024 MB` */
export function sizeText({ cores, memory_mb }: { cores: number | null; memory_mb: number | null }): string {
  const parts = [
    ...(cores === null ? [] : [`${figure(cores)} ${cores === 1 ? 'core' : 'cores'}`]),
    ...(memory_mb === null ? [] : [`${Math.round(memory_mb)} MB`]),
  ]
  return parts.length === 0 ? 'not known' : parts.join(', ')
}
