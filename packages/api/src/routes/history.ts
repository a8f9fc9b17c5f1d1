import {
  AllocationBody,
  AutoscaleError,
  ChangeBody,
  HistoryBody,
  type HistoryEntryBody,
  HistoryQuery,
  MS_PER_DAY,
  successBody,
  UndoRequest,
} from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB } from '@lxc-autoscale/host'
import { z } from 'zod'
import type { ScaleRequest } from '../changes/scale-container.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { type Caller, mayReach, requireReach } from '../http/caller.ts'
import { answerChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'
import { scaleChange } from './scale.ts'

/** Lines stand in the order in which changes ended, so an older one may stand behind one that took long. */
const LONGEST_CHANGE_MS = MS_PER_DAY

/** GET /history, POST /history/ID/undo */
export function historyRoutes(app: ApiApp, context: RouteContext): void {
  app.get(
    '/history',
    {
      schema: { querystring: HistoryQuery, response: { 200: successBody(HistoryBody) } },
      config: {
        access: 'read',
        summary: 'The changes that were asked for and what came of them, newest first.',
        example: { lxc_id: 101, limit: 10 },
      },
    },
    async request => {
      const entries = await readHistory(context, request.caller, request.query)
      const { key, role } = request.caller
      return success(request, 'changes, newest first', { entries, caller: { key, role } })
    },
  )
  app.post(
    '/history/:id/undo',
    {
      schema: {
        params: z.object({ id: z.uuid('must be the number of a change, as GET /history gives it') }),
        body: UndoRequest,
        response: { 200: successBody(ChangeBody) },
      },
      config: {
        access: 'scale',
        summary: 'Give a container back what it had before a change.',
        example: { id: '00000000-0000-4000-8000-000000000000' },
      },
    },
    async (request, reply) => {
      const entry = await findUndoable(context, request.params.id)
      requireReach(request.caller, entry.lxc_id)
      const undo = scaleChange(context, undoRequest(entry, request.body.force === true))
      await answerChange(context, reply, { ...undo, undoOf: entry.id })
    },
  )
}

async function readHistory(
  { audit }: RouteContext,
  caller: Caller,
  { lxc_id: vmid, since, limit, skip, made }: z.output<typeof HistoryQuery>,
): Promise<HistoryEntryBody[]> {
  const entries: HistoryEntryBody[] = []
  let toSkip = skip
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
  for await (const entry of audit.newestFirst()) {
    const timeMs = Date.parse(entry.time)
    if (timeMs < sinceMs - LONGEST_CHANGE_MS || entries.length >= limit) break
    const isAsked = (vmid === undefined || concerns(entry, vmid)) && (made === undefined || entry.outcome !== 'refused')
    if (timeMs >= sinceMs && isAsked && mayReach(caller, entry.lxc_id) && toSkip-- <= 0) entries.push(entry)
  }
  // The log has them in the order in which they ended; two that ran side by side may have begun the other way round.
  return made === undefined ? entries.sort((a, b) => Date.parse(b.time) - Date.parse(a.time)) : entries
}

/** Whether an entry is about a container; a clone is about two. */
function concerns({ lxc_id, asked }: HistoryEntryBody, vmid: number): boolean {
  return lxc_id === vmid || asked['new_lxc_id'] === vmid
}

async function findUndoable({ audit }: RouteContext, id: string): Promise<HistoryEntryBody> {
  const entry = await audit.find(id)
  if (entry === undefined) throw new AutoscaleError('CHANGE_NOT_FOUND', `the audit log has no change ${id}`)
  const canBeUndone = entry.action === 'scale' && (entry.outcome === 'applied' || entry.outcome === 'unknown')
  if (canBeUndone) return entry
  throw new AutoscaleError(
    'STATE_NOT_ALLOWED',
    `a change of the kind ${entry.action} that was ${entry.outcome} cannot be undone`,
    {
      details: { action: entry.action, outcome: entry.outcome },
    },
  )
}

/** Back to the values before, for what the change moved; refused when somebody has moved it since. */
function undoRequest(entry: HistoryEntryBody, force: boolean): ScaleRequest {
  const { data: before } = AllocationBody.safeParse(entry.before)
  const { data: after } = AllocationBody.safeParse(entry.after)
  if (before === undefined || after === undefined) throw nothingToUndo(entry)
  const [coresMoved, quotaMoved, memoryMoved] = [
    before.cores !== after.cores,
    before.cpulimit !== after.cpulimit,
    before.memory_mb !== after.memory_mb,
  ]
  if (!coresMoved && !quotaMoved && !memoryMoved) throw nothingToUndo(entry)
  return {
    vmid: entry.lxc_id,
    force,
    asked: {
      cores: coresMoved ? before.cores : undefined,
      cpuLimit: quotaMoved ? before.cpulimit : undefined,
      // Proxmox does not let the setting be removed; what it stands for is the default.
      memoryMb: memoryMoved ? (before.memory_mb ?? DEFAULT_MEMORY_MB) : undefined,
    },
    expected: {
      cores: coresMoved ? after.cores : undefined,
      cpuLimit: quotaMoved ? after.cpulimit : undefined,
      memoryMb: memoryMoved ? after.memory_mb : undefined,
    },
  }
}

function nothingToUndo({ id }: HistoryEntryBody): AutoscaleError {
  return new AutoscaleError(
    'STATE_NOT_ALLOWED',
    `change ${id} is not known to have moved anything, so there is nothing to undo`,
  )
}
