import {
  AllocationBody,
  AutoscaleError,
  anotherSince,
  type HistoryEntryBody,
  type InstallSizeBody,
} from '@lxc-autoscale/core'
import { boostEnd, previewBoostEnd } from '../changes/boost.ts'
import type { Change } from '../changes/change-runner.ts'
import { previewScale, type ScaledContainer, type ScaleRequest, scaleChange } from '../changes/scale-container.ts'
import {
  checkUndoable,
  onlyPart,
  undoRequest,
  undoSinceRequest,
  undoToInstallRequest,
} from '../changes/undo-request.ts'
import { type Caller, mayReach } from '../http/caller.ts'
import type { RouteContext } from './route-context.ts'

type Part = 'cores' | 'memory' | undefined

/** A way back of one container, of all that moved or of one part. */
export interface WayBack {
  /** The change before which it had what it gets back. */
  readonly undoOf: string
  change(only: Part): Change
  /** What it would come to now. @throws {AutoscaleError} by the rule that forbids it */
  preview(only: Part): Promise<ScaledContainer>
}

export interface HowBack {
  readonly force: boolean
  /** What was changed after it is taken back too. */
  readonly withLater?: boolean
}

/**
 * The way back to before a change; that of a boost is its end.
 * @throws {AutoscaleError} STATE_NOT_ALLOWED when it cannot be taken back
 */
export async function wayBackOf(context: RouteContext, entry: HistoryEntryBody, how: HowBack): Promise<WayBack> {
  checkUndoable(entry)
  const { newest, hasBoost } = await changedSince(context, entry)
  if (how.withLater === true && newest !== undefined) {
    return wayOf(context, undoSinceRequest(entry, newest, how.force), { undoOf: entry.id, endsBoost: hasBoost })
  }
  const boost = context.steering.boostOf(entry.lxc_id)
  if (boost?.change_id !== entry.id) {
    return wayOf(context, undoRequest(entry, how.force), { undoOf: entry.id, endsBoost: false })
  }
  return {
    undoOf: entry.id,
    change: () => boostEnd(context, boost),
    preview: () => previewBoostEnd(context, boost),
  }
}

/**
 * The way back to what a container had before the first change of the model.
 * @throws {AutoscaleError} CHANGE_NOT_FOUND, STATE_NOT_ALLOWED when it may be another container than the one that was changed
 */
export async function wayToInstall(context: RouteContext, vmid: number, force: boolean): Promise<WayBack> {
  const size = await findInstallSize(context, vmid, force)
  return wayOf(context, undoToInstallRequest(size, force), { undoOf: size.change_id, endsBoost: true })
}

function wayOf(
  context: RouteContext,
  request: ScaleRequest,
  { undoOf, endsBoost }: { readonly undoOf: string; readonly endsBoost: boolean },
): WayBack {
  const { steering } = context
  return {
    undoOf,
    preview: only => previewScale(onlyPart(request, only), context),
    change(only) {
      const change = { ...scaleChange(context, onlyPart(request, only)), undoOf }
      if (!endsBoost || only !== undefined || steering.boostOf(request.vmid) === undefined) return change
      return {
        ...change,
        async perform(progress) {
          const done = await change.perform(progress)
          await steering.setBoost(request.vmid, undefined)
          return done
        },
      }
    },
  }
}

/** So many candidates are named when the beginning of a number is that of several changes. */
const MOST_CANDIDATES = 5

/** A number of a change is a UUID. */
const ID_CHARACTERS = 36

/** The change whose number begins with `start`. @throws {AutoscaleError} when there is none, or more than one */
export async function findChange({ audit }: RouteContext, caller: Caller, start: string): Promise<HistoryEntryBody> {
  const isWhole = start.length === ID_CHARACTERS
  const isAsked = ({ lxc_id: vmid }: HistoryEntryBody) => isWhole || mayReach(caller, vmid)
  const found = await audit.findByStart(start.toLowerCase(), isWhole ? 1 : MOST_CANDIDATES, isAsked)
  const [entry, ...others] = found
  if (entry === undefined) throw new AutoscaleError('CHANGE_NOT_FOUND', `the audit log has no change ${start}`)
  if (others.length === 0) return entry
  const candidates = found.map(({ id, lxc_id, time }) => ({ id, lxc_id, time }))
  const named = candidates.map(({ id, lxc_id }) => `${id} (container ${lxc_id})`).join(', ')
  const message = `the numbers of several changes begin with ${start}: ${named}; write more of one`
  throw new AutoscaleError('INVALID_REQUEST', message, { details: { candidates } })
}

interface Since {
  /** The newest change that may have set the allocation of the container. */
  readonly newest: HistoryEntryBody | undefined
  /** Whether the boost that it has is one of the changes. */
  readonly hasBoost: boolean
}

/**
 * What was changed of the container of `entry` from that on.
 * @throws {AutoscaleError} STATE_NOT_ALLOWED when its number is that of another container since then
 */
async function changedSince({ audit, steering }: RouteContext, entry: HistoryEntryBody): Promise<Since> {
  const { id, lxc_id: vmid } = entry
  const boost = steering.of(vmid).boost
  let newest: HistoryEntryBody | undefined
  let hasBoost = false
  for await (const later of audit.newestFirst()) {
    if (anotherSince(later) === vmid) {
      const message = `${vmid} is the number of another container since change ${id} (${later.action} ${later.id})`
      throw new AutoscaleError('STATE_NOT_ALLOWED', message, { details: { lxc_id: vmid, change: later.id } })
    }
    const isOfAllocation = later.action === 'scale' || later.action === 'snapshot-rollback'
    if (later.lxc_id === vmid && isOfAllocation && AllocationBody.safeParse(later.after).success) newest ??= later
    hasBoost ||= later.id === boost?.change_id
    if (later.id === id) break
  }
  return { newest, hasBoost }
}

/** @throws {AutoscaleError} CHANGE_NOT_FOUND, STATE_NOT_ALLOWED when it may be another container than the one that was changed */
async function findInstallSize(
  { audit, containers }: RouteContext,
  vmid: number,
  force: boolean,
): Promise<InstallSizeBody> {
  const { name } = await containers.read(vmid)
  const size = audit.installSizes.get(vmid)
  if (size === undefined) throw new AutoscaleError('CHANGE_NOT_FOUND', `the model has not changed container ${vmid}`)
  if (size.name === null || size.name === name || force) return size
  const message = `container ${vmid} was named ${size.name} before the first change and is named ${name} now, so it may be another one`
  throw new AutoscaleError('STATE_NOT_ALLOWED', message, { details: { lxc_id: vmid, name_then: size.name, name } })
}
