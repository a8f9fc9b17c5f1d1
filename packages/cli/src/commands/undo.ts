import {
  AutoscaleError,
  type ErrorCode,
  type HistoryEntryBody,
  parseVmid,
  SHORT_ID_CHARACTERS,
} from '@lxc-autoscale/core'
import { Command, Option } from 'commander'
import type { ApiClient, UndoAnswer, UndoWords } from '../api/api-client.ts'
import { allocationText, changeTimeText, shownId, whoText } from '../output/changes.ts'
import { bad, good, type Terminal, warned } from '../output/terminal.ts'
import { durationArgument } from './arguments.ts'
import { type CommandContext, commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { planSince } from './undo-plan.ts'

interface UndoOptions extends HostOptions {
  readonly since?: number
  readonly allToInstall?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** Each is a command of Proxmox, of which the API runs two at once. */
const MOST_AT_ONCE = 2
/** Entries of one request. */
const PAGE = 1_000

/** `lxc-autoscale undo CHANGE|CONTAINER`, and the ways back of many containers at once. */
export function undoCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('undo'))
    .description('put back what a container had before a change, or what all of them had')
    .argument('[change]', 'the change (the beginning of its number in `history`), or a container: its newest change')
    .addOption(
      new Option('--since <duration>', 'everything since 90s, 30m, 2h, 1d ... ago')
        .argParser(durationArgument)
        .conflicts('allToInstall'),
    )
    .option('--all-to-install', 'every container: what it had before the first change of the model')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--yes', 'do not ask')
    .action(async (target: string | undefined, options: UndoOptions) => {
      const context = commandContext(options, environment)
      const isMany = options.since !== undefined || options.allToInstall === true
      if ((target === undefined) !== isMany) {
        throw new AutoscaleError('INVALID_REQUEST', 'name a change or a container, or one of --since, --all-to-install')
      }
      if (target !== undefined) return undoOne(context, target, options)
      const steps = await (options.since === undefined ? installSteps(context.api) : sinceSteps(context, options.since))
      await undoMany(context, steps, options)
    })
}

async function undoOne({ api, terminal }: CommandContext, target: string, options: UndoOptions): Promise<void> {
  const vmid = parseVmid(target)
  const isContainer = vmid !== undefined && (await isThere(api, vmid))
  const newest = isContainer ? await newestChange(api, vmid) : undefined
  const answer = await api.undo(newest?.id ?? target, words(options)).catch(explainMoved)
  const which = newest === undefined ? [] : [`the newest change of container ${vmid}: ${changeText(newest)}`]
  terminal.answer(answer, ({ message }) => [...which, message].join('\n'))
}

/** @throws {AutoscaleError} CONTAINER_NOT_FOUND when `vmid` can be nothing but a container */
async function isThere(api: ApiClient, vmid: number): Promise<boolean> {
  try {
    await api.config(vmid)
    return true
  } catch (error) {
    const isMissing = error instanceof AutoscaleError && error.code === 'CONTAINER_NOT_FOUND'
    if (isMissing && String(vmid).length >= SHORT_ID_CHARACTERS) return false
    throw error
  }
}

async function newestChange(api: ApiClient, vmid: number): Promise<HistoryEntryBody> {
  const { entries } = await api.history({ vmid, newest: true })
  const newest = entries.find(({ lxc_id }) => lxc_id === vmid)
  if (newest !== undefined) return newest
  throw new AutoscaleError('CHANGE_NOT_FOUND', `the audit log has no change of container ${vmid}`)
}

/** @throws {AutoscaleError} the same one, with what to do where the container was changed since. */
function explainMoved(error: unknown): never {
  if (!(error instanceof AutoscaleError && error.code === 'ALLOCATION_MOVED')) throw error
  const mend = 'it was changed since then: take back its newest change first (lxc-autoscale undo ID), or all (--since)'
  throw new AutoscaleError(error.code, `${error.message}; ${mend}`, { cause: error })
}

/** What is to be done with one container. */
interface UndoStep {
  readonly vmid: number
  readonly name: string | null
  /** One line for each change that is taken back; none where it is the way to a size. */
  readonly changes: readonly string[]
  readonly changeIds: readonly string[]
  run(how: UndoWords): Promise<UndoAnswer>
}

async function installSteps(api: ApiClient): Promise<UndoStep[]> {
  const sizes = await api.installSizes()
  return sizes.map(size => ({
    vmid: size.lxc_id,
    name: size.name,
    changes: [],
    changeIds: [size.change_id],
    run: how => api.undoToInstall(size.lxc_id, how),
  }))
}

async function sinceSteps({ api, terminal }: CommandContext, durationMs: number): Promise<UndoStep[]> {
  const { steps, others } = planSince(await allSince(api, new Date(Date.now() - durationMs).toISOString()))
  const left = others.map(({ lxc_id: vmid, action }) => `${action} of ${vmid}`)
  if (left.length > 0 && !terminal.isJson) terminal.write(`cannot be taken back: ${left.join(', ')}`)
  return steps.map(({ vmid, name, changes, oldest }) => ({
    vmid,
    name,
    changes: changes.map(changeText),
    changeIds: changes.map(({ id }) => id),
    run: how => api.undo(oldest.id, { ...how, with_later: true }),
  }))
}

async function allSince(api: ApiClient, since: string): Promise<HistoryEntryBody[]> {
  const all: HistoryEntryBody[] = []
  for (let skip = 0; ; skip += PAGE) {
    const { entries } = await api.history({ since, made: true, limit: PAGE, skip })
    all.push(...entries)
    if (entries.length < PAGE) return all
  }
}

/** What came of one container, as JSON has it. */
interface UndoOutcome {
  readonly lxc_id: number
  readonly name: string | null
  readonly change_ids: readonly string[]
  readonly outcome: keyof typeof PAINT
  readonly message: string
}

async function undoMany({ terminal }: CommandContext, steps: readonly UndoStep[], options: UndoOptions): Promise<void> {
  if (!options.dryRun && !options.yes && steps.length > 1) await askFirst(terminal, steps)
  const outcomes: UndoOutcome[] = []
  const waiting = [...steps]
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      outcomes.push(await outcomeOf(step, options))
    }
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker))
  outcomes.sort((a, b) => a.lxc_id - b.lxc_id)
  if (outcomes.some(({ outcome }) => NOT_WHOLE.has(outcome))) process.exitCode = 1
  const changes = new Map(steps.map(step => [step.vmid, step.changes]))
  terminal.answer(outcomes, shown => report(shown, changes))
}

/** @throws {AutoscaleError} INVALID_REQUEST when nobody can be asked, CANCELLED when the answer is no */
async function askFirst(terminal: Terminal, steps: readonly UndoStep[]): Promise<void> {
  const vmids = steps.map(({ vmid }) => vmid).join(', ')
  const answer = await terminal.confirm(`change ${steps.length} containers (${vmids})?`)
  if (answer === true) return
  if (answer === false) throw new AutoscaleError('CANCELLED', 'nothing was changed')
  const message = `this changes ${steps.length} containers (${vmids}): look with --dry-run, then add --yes`
  throw new AutoscaleError('INVALID_REQUEST', message)
}

/** One that fails costs no other its turn. */
async function outcomeOf(step: UndoStep, options: UndoOptions): Promise<UndoOutcome> {
  const about = { lxc_id: step.vmid, name: step.name, change_ids: step.changeIds }
  try {
    const { message, data } = await step.run(words(options))
    const isToChange = JSON.stringify(data.before) !== JSON.stringify(data.after)
    if (!isToChange) return { ...about, outcome: 'unchanged', message }
    return { ...about, outcome: options.dryRun ? 'would be taken back' : 'taken back', message }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    const cores = OF_MEMORY.has(error.code) ? await coresOnly(step, options) : undefined
    const { dryRun } = options
    if (cores === undefined) return { ...about, outcome: dryRun ? 'would fail' : 'failed', message: error.message }
    const outcome = dryRun ? 'would give back the cores alone' : 'cores alone'
    return { ...about, outcome, message: `${cores}; its memory stays: ${error.message}` }
  }
}

/** Refusals that may be of the memory alone. */
const OF_MEMORY: ReadonlySet<ErrorCode> = new Set(['MEMORY_BELOW_FLOOR', 'HOST_CAPACITY', 'OUT_OF_BOUNDS'])

/** What came of the cores where the memory cannot be given back; undefined when nothing did. */
async function coresOnly(step: UndoStep, options: UndoOptions): Promise<string | undefined> {
  try {
    const { message, data } = await step.run({ ...words(options), only: 'cores' })
    return JSON.stringify(data.before) === JSON.stringify(data.after) ? undefined : message
  } catch (error) {
    // Why the whole of it was refused is what is told.
    if (error instanceof AutoscaleError) return undefined
    throw error
  }
}

const PAINT = {
  'taken back': good,
  unchanged: String,
  'would be taken back': String,
  'cores alone': warned,
  'would give back the cores alone': warned,
  failed: bad,
  'would fail': bad,
} as const

const NOT_WHOLE: ReadonlySet<UndoOutcome['outcome']> = new Set([
  'cores alone',
  'would give back the cores alone',
  'failed',
  'would fail',
])

/** Of the changes of a container that cannot be given back what it had. */
const STAYS: ReadonlySet<UndoOutcome['outcome']> = new Set(['failed', 'would fail'])

function report(outcomes: readonly UndoOutcome[], changes: ReadonlyMap<number, readonly string[]>): string {
  if (outcomes.length === 0) return 'there is nothing to take back'
  return outcomes
    .flatMap(({ lxc_id: vmid, name, outcome, message }) => [
      `${vmid}${name === null ? '' : ` ${name}`}: ${PAINT[outcome](outcome)}: ${message}`,
      ...(changes.get(vmid) ?? []).map(change => `  ${STAYS.has(outcome) ? 'stays' : outcome}  ${change}`),
    ])
    .join('\n')
}

/** `3f12ab90  2026-03-01 13:05  4 cores -> 2 cores  by model` */
function changeText(entry: HistoryEntryBody): string {
  const { id, before, after } = entry
  const moved = `${allocationText(before, after)} -> ${allocationText(after, before)}`
  return `${shownId(id)}  ${changeTimeText(entry)}  ${moved}  by ${whoText(entry)}`
}

function words({ dryRun }: UndoOptions): UndoWords {
  return dryRun ? { dry_run: true } : {}
}
