import { setTimeout as delay } from 'node:timers/promises'
import type { ContainerConfigBody, ContainerConfigsBody, ContainerStatus, ModelStatus } from '@lxc-autoscale/core'
import { Command } from 'commander'
import { ago, figure, table, warned } from '../output/terminal.ts'
import { type CommandContext, commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { modelView } from './model-view.ts'

interface StatusOptions extends HostOptions {
  readonly watch?: boolean
}

const WATCH_MS = 2_000

/** `lxc-autoscale status`: what each container has and uses, and what was changed last. */
export function statusCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('status'))
    .description('what each container has and uses, and what was changed last')
    .option('--watch', 'again every 2 s, until Ctrl-C')
    .action(async (options: StatusOptions) => {
      const context = commandContext(options, environment)
      do {
        const report = await readStatus(context)
        if (options.watch) context.terminal.clear()
        context.terminal.answer(report, shown => statusText(shown, Date.now()))
        if (options.watch) await delay(WATCH_MS)
      } while (options.watch)
    })
}

interface StatusReport {
  readonly containers: ContainerConfigsBody['containers']
  readonly failed: ContainerConfigsBody['failed']
  readonly model: ModelStatus | null
}

async function readStatus({ api, configDir }: CommandContext): Promise<StatusReport> {
  const { containers, failed } = await api.configs()
  return { containers, failed, model: modelView(configDir).status ?? null }
}

function statusText({ containers, failed, model }: StatusReport, nowMs: number): string {
  const decided = new Map(model?.containers.map(container => [container.vmid, container]))
  const rows = containers.map(container => statusRow(container, decided.get(container.lxc_id), nowMs))
  return [
    modelLine(model, nowMs),
    ...(rows.length === 0 ? ['no containers'] : [containerTable(rows)]),
    ...failed.map(({ lxc_id, message }) => warned(`${lxc_id}: ${message}`)),
  ].join('\n')
}

function containerTable(rows: readonly (string | number | null)[][]): string {
  return table(['ID', 'NAME', 'STATE', 'CORES', 'USED', 'MEMORY MB', 'USED', 'MODE', 'LAST CHANGE', 'NOW'], rows)
}

function modelLine(model: ModelStatus | null, nowMs: number): string {
  if (model === null) return warned('the model has not finished a cycle yet')
  const { cycle, metrics, dry_run, updated_at, warnings } = model
  const parts = [
    `model: cycle ${cycle.number}, ${ago(Date.parse(updated_at), nowMs)}, ${cycle.outcome}`,
    ...(cycle.text === '' ? [] : [warned(cycle.text)]),
    ...warnings.map(({ text }) => warned(text)),
    `data ${figure(metrics.age_seconds, 's')} old${metrics.is_stale ? warned(' (stale: nothing is decided)') : ''}`,
    ...(dry_run ? [warned('dry run: nothing is changed')] : []),
  ]
  return parts.join('; ')
}

function statusRow(
  container: ContainerConfigBody,
  decided: ContainerStatus | undefined,
  nowMs: number,
): (string | number | null)[] {
  const change = decided?.last_change
  return [
    container.lxc_id,
    container.name,
    container.lock === null ? container.status : `${container.status} (${container.lock})`,
    figure(container.cpulimit ?? container.cores),
    figure(decided?.newest?.cpu_cores_used),
    figure(container.memory_mb),
    figure(decided?.newest?.memory_usage_mb),
    decided?.mode ?? null,
    change ? changeText(change, nowMs) : null,
    nowText(decided),
  ]
}

function changeText({ to, outcome, time }: NonNullable<ContainerStatus['last_change']>, nowMs: number): string {
  const failure = outcome === 'applied' ? '' : ` (${outcome})`
  return `${sizeText(to)}${failure}, ${ago(Date.parse(time), nowMs)}`
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
    ...(memory_mb === null ? [] : [`${memory_mb} MB`]),
  ]
  return parts.length === 0 ? 'not known' : parts.join(', ')
}
