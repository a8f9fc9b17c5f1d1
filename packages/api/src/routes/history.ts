import {
  AllocationBody,
  AutoscaleError,
  ChangeBody,
  type ChangeOutcome,
  HistoryBody,
  type HistoryEntryBody,
  HistoryQuery,
  type InstallSizeBody,
  InstallSizesBody,
  successBody,
  UndoRequest,
} from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB } from '@lxc-autoscale/host'
import { z } from 'zod'
import { allocationParts } from '../changes/observe.ts'
import { type ScaleRequest, scaleChange } from '../changes/scale-container.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { type Caller, mayReach, requireReach } from '../http/caller.ts'
import { answerChange } from './answer-change.ts'
import { listContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

/** GET /history, GET /history/install, POST /history/ID/undo */
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
  app.get(
    '/history/install',
    {
      schema: { response: { 200: successBody(InstallSizesBody) } },
      config: {
        access: 'read',
        summary: 'What each container had before the first change that the model made to it.',
      },
    },
    async request => {
      const containers = await readInstallSizes(context, request.caller)
      return success(request, 'sizes before the first change of the model', { containers })
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

/** Of the containers that this node has. */
async function readInstallSizes(context: RouteContext, caller: Caller): Promise<InstallSizeBody[]> {
  const listed = new Set(await listContainers(context))
  return context.audit.installSizes.all().filter(({ lxc_id: vmid }) => listed.has(vmid) && mayReach(caller, vmid))
}

/** What was begun and what changed nothing stand in two logs, so that the one cannot push the other out. */
async function readHistory(
  { audit }: RouteContext,
  caller: Caller,
  query: z.output<typeof HistoryQuery>,
): Promise<HistoryEntryBody[]> {
  const sinceMs = query.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(query.since)
  const { lxc_id: vmid, limit, skip, made } = query
  const isAsked = (entry: HistoryEntryBody) =>
    Date.parse(entry.time) >= sinceMs && (vmid === undefined || concerns(entry, vmid)) && mayReach(caller, entry.lxc_id)
  const most = skip + limit
  const begun = await first(most, audit.newestFirst(sinceMs), isAsked)
  // In the order of the log, which no clock can change.
  if (made !== undefined) return begun.slice(skip)
  const entries = [
    ...begun,
    ...(await first(most, audit.notMadeNewestFirst(sinceMs), isAsked)),
    ...audit.counting().filter(isAsked),
  ]
  // A log has them in the order in which they ended; two that ran side by side may have begun the other way round.
  return entries.sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(skip, most)
}

async function first(
  limit: number,
  log: AsyncIterable<HistoryEntryBody>,
  isAsked: (entry: HistoryEntryBody) => boolean,
): Promise<HistoryEntryBody[]> {
  const entries: HistoryEntryBody[] = []
  for await (const entry of log) {
    if (isAsked(entry)) entries.push(entry)
    if (entries.length >= limit) break
  }
  return entries
}

/** Whether an entry is about a container; a clone is about two. */
function concerns({ lxc_id, asked }: HistoryEntryBody, vmid: number): boolean {
  return lxc_id === vmid || asked['new_lxc_id'] === vmid
}

async function findUndoable({ audit }: RouteContext, id: string): Promise<HistoryEntryBody> {
  const entry = await audit.find(id)
  if (entry === undefined) throw new AutoscaleError('CHANGE_NOT_FOUND', `the audit log has no change ${id}`)
  const canBeUndone = entry.action === 'scale' && UNDOABLE.has(entry.outcome)
  if (canBeUndone) return entry
  throw new AutoscaleError(
    'STATE_NOT_ALLOWED',
    `a change of the kind ${entry.action} that was ${entry.outcome} cannot be undone`,
    {
      details: { action: entry.action, outcome: entry.outcome },
    },
  )
}

/** Outcomes of changes that may have moved something. */
const UNDOABLE: ReadonlySet<ChangeOutcome> = new Set(['applied', 'failed', 'unknown'])

/** Back to the values before, for what the change moved; refused when somebody has moved it since. */
function undoRequest(entry: HistoryEntryBody, force: boolean): ScaleRequest {
  const { data: before } = AllocationBody.safeParse(entry.before)
  const { data: seen } = AllocationBody.safeParse(entry.after)
  // What nobody saw can only be what was asked for, or what was there before.
  const { data: after } = AllocationBody.safeParse(
    seen ?? { ...before, ...Object.fromEntries(allocationParts(entry.asked)) },
  )
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
