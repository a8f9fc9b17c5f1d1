import {
  AutoscaleError,
  type HistoryEntryBody,
  isErrorCode,
  parseVmid,
  SHORT_ID_CHARACTERS,
  type UndoManyBody,
  whoText,
} from '@lxc-autoscale/core'
import { Command, Option } from 'commander'
import type { ApiClient, UndoManyWords, UndoWords } from '../api/api-client.ts'
import { allocationText, changeTimeText, shownId } from '../output/changes.ts'
import { bad, good, type Terminal, warned } from '../output/terminal.ts'
import { durationArgument } from './arguments.ts'
import { type CommandContext, commandContext, type HostOptions, withHostOptions } from './command-context.ts'

interface UndoOptions extends HostOptions {
  readonly since?: number
  readonly allToInstall?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** Each is a command of Proxmox, of which the API runs two at once. */
const MOST_AT_ONCE = 2

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
      const { since } = options
      const what =
        since === undefined ? { all_to_install: true as const } : { since: new Date(Date.now() - since).toISOString() }
      await undoMany(context, what, options)
    })
}

async function undoOne({ api, terminal }: CommandContext, target: string, options: UndoOptions): Promise<void> {
  const vmid = parseVmid(target)
  if (vmid === undefined || !(await isThere(api, vmid))) {
    terminal.answer(await api.undo(target, words(options)).catch(explainMoved), ({ message }) => message)
    return
  }
  const { containers } = await api.undoMany({ lxc_id: vmid, ...words(options) })
  const [undone] = containers
  if (undone === undefined)
    throw new AutoscaleError('CHANGE_NOT_FOUND', `the audit log has no change of container ${vmid}`)
  const { error, message, outcome } = undone
  if (outcome === 'failed') throw new AutoscaleError(error !== null && isErrorCode(error) ? error : 'INTERNAL', message)
  if (outcome === 'cores_alone') process.exitCode = 1
  terminal.answer(undone, ({ changes, message }) =>
    [...changes.map(change => `the newest change of container ${vmid}: ${changeText(change)}`), message].join('\n'),
  )
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

/** @throws {AutoscaleError} the same one, with what to do where the container was changed since. */
function explainMoved(error: unknown): never {
  if (!(error instanceof AutoscaleError && error.code === 'ALLOCATION_MOVED')) throw error
  const mend = 'it was changed since then: take back its newest change first (lxc-autoscale undo ID), or all (--since)'
  throw new AutoscaleError(error.code, `${error.message}; ${mend}`, { cause: error })
}

/** What came of one container, as JSON has it. */
interface UndoOutcome {
  readonly lxc_id: number
  readonly name: string | null
  readonly change_ids: readonly string[]
  readonly outcome: keyof typeof PAINT
  readonly message: string
}

type Undone = UndoManyBody['containers'][number]

async function undoMany({ api, terminal }: CommandContext, what: UndoManyWords, options: UndoOptions): Promise<void> {
  const plan = await api.undoMany({ ...what, dry_run: true })
  const left = plan.others.map(({ lxc_id: vmid, action }) => `${action} of ${vmid}`)
  if (left.length > 0 && !terminal.isJson) terminal.write(`cannot be taken back: ${left.join(', ')}`)
  const vmids = plan.containers.map(({ lxc_id }) => lxc_id)
  if (!options.dryRun && !options.yes && vmids.length > 1) await askFirst(terminal, vmids)
  const undone = options.dryRun ? plan.containers : await undoEach(api, what, plan.containers)
  const outcomes = undone.map(each => outcomeOf(each, options)).sort((a, b) => a.lxc_id - b.lxc_id)
  if (outcomes.some(({ outcome }) => NOT_WHOLE.has(outcome))) process.exitCode = 1
  const changes = new Map(undone.map(each => [each.lxc_id, each.changes.map(changeText)]))
  terminal.answer(outcomes, shown => report(shown, changes))
}

/** A request for each, so that none takes longer than a request may. */
async function undoEach(api: ApiClient, what: UndoManyWords, planned: readonly Undone[]): Promise<Undone[]> {
  const undone: Undone[] = []
  const waiting = [...planned]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      undone.push(...(await undoNow(api, { ...what, lxc_id: next.lxc_id }, next)))
    }
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker))
  return undone
}

/** One that fails costs no other its turn. */
async function undoNow(api: ApiClient, what: UndoManyWords, planned: Undone): Promise<readonly Undone[]> {
  try {
    return (await api.undoMany(what)).containers
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return [{ ...planned, outcome: 'failed', error: error.code, message: error.message }]
  }
}

function outcomeOf({ lxc_id, name, changes, undo_of, outcome, message }: Undone, { dryRun }: UndoOptions): UndoOutcome {
  const ids = changes.map(({ id }) => id)
  const change_ids = ids.length === 0 ? [undo_of] : ids
  return { lxc_id, name, change_ids, outcome: (dryRun ? WOULD : DID)[outcome], message }
}

/** @throws {AutoscaleError} INVALID_REQUEST when nobody can be asked, CANCELLED when the answer is no */
async function askFirst(terminal: Terminal, vmids: readonly number[]): Promise<void> {
  const named = `${vmids.length} containers (${vmids.join(', ')})`
  const answer = await terminal.confirm(`change ${named}?`)
  if (answer === true) return
  if (answer === false) throw new AutoscaleError('CANCELLED', 'nothing was changed')
  const message = `this changes ${named}: look with --dry-run, then add --yes`
  throw new AutoscaleError('INVALID_REQUEST', message)
}

const DID = {
  taken_back: 'taken back',
  unchanged: 'unchanged',
  cores_alone: 'cores alone',
  failed: 'failed',
} as const

const WOULD = {
  taken_back: 'would be taken back',
  unchanged: 'unchanged',
  cores_alone: 'would give back the cores alone',
  failed: 'would fail',
} as const

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
