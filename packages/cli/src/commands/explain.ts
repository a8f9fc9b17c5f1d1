import {
  AutoscaleError,
  type DecidingVerdict,
  type ExplainBody,
  explainedContainer,
  type HistoryEntryBody,
  knownText,
  whoText,
} from '@lxc-autoscale/core'
import { Command } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { readVerdict } from '../api/read-verdict.ts'
import { allocationText, shortWhy } from '../output/changes.ts'
import { ago, figure, screenWidth, table } from '../output/terminal.ts'
import { verdictLine } from '../output/verdict-line.ts'
import { vmidArgument } from './arguments.ts'
import { commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { type ModelView, modelView } from './model-view.ts'
import { sizeText } from './status.ts'

/** `lxc-autoscale explain ID`: facts, rules that spoke, strange features, and where each setting comes from. */
export function explainCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('explain'))
    .description('why a container has what it has: the facts, the rules that spoke, what was strange, the settings')
    .argument('<id>', 'the container', vmidArgument)
    .action(async (vmid: number, options: HostOptions) => {
      const { terminal, api, configDir } = commandContext(options, environment)
      const view = modelView(configDir)
      const container = containerOf(view, vmid) ?? (await notKnown(api, view, vmid))
      const newest = await newestChange(api, vmid)
      const deciding = await readVerdict(api, view.config)
      const report = { ...container, ...newest, deciding }
      terminal.answer(report, shown => [...whyNothing(shown.deciding), explanation(shown, Date.now())].join('\n'))
    })
}

interface NewestChange {
  /** The newest change of its allocation, whoever made it; null when there is none, or it is not known. */
  readonly newest_change: HistoryEntryBody | null
  /** Why it is not known. */
  readonly history_problem: string | null
}

/** What the model wrote down is shown also when the API does not answer. */
async function newestChange(api: ApiClient, vmid: number): Promise<NewestChange> {
  try {
    const { entries } = await api.history({ vmid, newest: true })
    return { newest_change: entries.find(({ lxc_id }) => lxc_id === vmid) ?? null, history_problem: null }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { newest_change: null, history_problem: error.message }
  }
}

/** What keeps all containers from being sized is said before what is known of one. */
function whyNothing(deciding: DecidingVerdict): string[] {
  return deciding.problems.length === 0 ? [] : [verdictLine(deciding)]
}

function containerOf({ status, statusFile, statusProblem }: ModelView, vmid: number): ExplainBody | undefined {
  if (statusProblem !== undefined) throw new AutoscaleError('STATE_INVALID', statusProblem)
  if (status === undefined) {
    throw new AutoscaleError('HOST_UNREADABLE', `${statusFile}: not there; has lxc_autoscale_ml finished a cycle?`)
  }
  return explainedContainer(status, vmid)
}

/** @throws {AutoscaleError} CONTAINER_NOT_FOUND, in the words of the API where it says on which node it is */
async function notKnown(api: ApiClient, { status }: ModelView, vmid: number): Promise<never> {
  const elsewhere = await api.config(vmid).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (elsewhere instanceof AutoscaleError && elsewhere.details['node'] !== undefined) throw elsewhere
  const known = status?.containers.map(candidate => candidate.vmid).join(', ')
  throw new AutoscaleError(
    'CONTAINER_NOT_FOUND',
    `the model knows no container ${vmid}; it knows those that run and are measured: ${known || 'none yet'}`,
  )
}

type Explained = ExplainBody & NewestChange

function explanation(container: Explained, nowMs: number): string {
  return [
    ...facts(container, nowMs),
    ...decisionLines(container, nowMs),
    ...policyLines(container),
    ...verdictLines(container),
    ...changeLines(container, nowMs),
    'settings',
    indent(
      table(
        ['KEY', 'VALUE', 'FROM'],
        container.settings.map(({ key, value, from }) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
          from,
        ]),
        indentedWidth(),
      ),
    ),
  ].join('\n')
}

function facts({ vmid, name, mode, allocation, problem, newest, known }: ExplainBody, nowMs: number): string[] {
  return [
    `container ${vmid}${name === null ? '' : ` (${name})`}: ${allocation === null ? 'allocation not known' : sizeText(allocation)}, mode ${mode}`,
    ...(problem === null ? [] : [`  nothing is decided: ${problem}`]),
    ...(newest === null
      ? ['  no sample yet']
      : [
          `  measured ${ago(Date.parse(newest.time), nowMs)}: ${figure(newest.cpu_cores_used)} cores used` +
            ` (${figure(newest.cpu_usage_percent, '%')}), throttled ${figure(newest.cpu_throttled_percent, '%')};` +
            ` memory ${figure(newest.memory_usage_mb, 'MB')}, of which ${figure(newest.memory_floor_mb, 'MB')} cannot be reclaimed`,
        ]),
    `  the model ${knownText(known)}`,
  ]
}

function decisionLines({ decision }: ExplainBody, nowMs: number): string[] {
  if (decision === null) return []
  const { cores, memory, from, to, wanted, reasons, policy, time } = decision
  const isKept = cores === 'keep' && memory === 'keep'
  return [
    `decision (${policy}, ${ago(Date.parse(time), nowMs)}): ${isKept ? `keep ${sizeText(from)}` : `${sizeText(from)} -> ${sizeText(to)}`}; the policy asked for ${sizeText(wanted)}`,
    ...(reasons.length === 0
      ? ['  no safety rule had anything against it']
      : reasons.map(({ rule, text }) => `  ${rule}: ${text}`)),
  ]
}

function policyLines({ policy }: ExplainBody): string[] {
  return policy === null ? [] : ['policy', `  cores: ${policy.cores}`, `  memory: ${policy.memory}`]
}

function verdictLines({ verdict }: ExplainBody): string[] {
  if (verdict === null) return []
  if (verdict.source === 'none')
    return ['isolation forest: has seen too little of it, or of it since its last change, to judge it now']
  const state = verdict.is_anomalous ? 'abnormal' : 'normal'
  const strange = verdict.features.map(({ name, share }) => `${name} ${Math.round(share * 100)} %`).join(', ')
  return [
    `isolation forest (${verdict.source}): ${state}, confidence ${figure(verdict.confidence)}, score ${figure(verdict.score)}, alarm above ${figure(verdict.threshold)}`,
    ...(strange === '' ? [] : [`  strangest: ${strange}`]),
  ]
}

function changeLines({ newest_change: change, history_problem: problem }: NewestChange, nowMs: number): string[] {
  if (problem !== null) return [`last change: not known: ${problem}`]
  if (change === null) return []
  const { time, before, after, outcome, message } = change
  const why = shortWhy(change)
  const moved = `${allocationText(before, after)} -> ${allocationText(after, before)}`
  return [
    `last change (${ago(Date.parse(time), nowMs)}, by ${whoText(change)}): ${moved}: ${outcome === 'applied' ? outcome : `${outcome}: ${message}`}`,
    ...(why === null ? [] : [`  ${why}`]),
  ]
}

const INDENT = '  '

function indent(text: string): string {
  return text.replaceAll(/^/gm, INDENT)
}

function indentedWidth(): number | undefined {
  const width = screenWidth()
  return width === undefined ? undefined : Math.max(1, width - INDENT.length)
}
