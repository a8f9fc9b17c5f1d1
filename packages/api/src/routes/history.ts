import {
  AllocationBody,
  AutoscaleError,
  anotherSince,
  ChangeBody,
  HistoryBody,
  type HistoryEntryBody,
  HistoryQuery,
  type InstallSizeBody,
  InstallSizesBody,
  InstallUndoRequest,
  successBody,
  UndoRequest,
} from '@lxc-autoscale/core'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { directionOf, RESOURCES } from '../changes/direction.ts'
import { previewScale, type ScaleRequest, scaleChange } from '../changes/scale-container.ts'
import {
  checkUndoable,
  onlyPart,
  undoRequest,
  undoSinceRequest,
  undoToInstallRequest,
} from '../changes/undo-request.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { type Caller, mayReach, requireReach } from '../http/caller.ts'
import { answerChange } from './answer-change.ts'
import { listContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

/** GET /history, GET /history/install, POST /history/ID/undo, POST /history/install/undo */
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
      const isShort = request.query.short !== undefined
      const short_ids = isShort ? await context.audit.shortIds(entries.map(({ id }) => id)) : undefined
      const body = { entries, ...(short_ids === undefined ? {} : { short_ids }), caller: { key, role } }
      return success(request, 'changes, newest first', body)
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
        params: z.object({
          id: z
            .string()
            .regex(/^[0-9a-f-]{1,36}$/i, 'must be the number of a change, as GET /history gives it, or its beginning'),
        }),
        body: UndoRequest,
        response: { 200: successBody(ChangeBody) },
      },
      config: {
        access: 'scale',
        summary: 'Give a container back what it had before a change.',
        example: { id: '00000000-0000-4000-8000-000000000000' },
      },
    },
    async ({ params, body, caller }, reply) => {
      const entry = await findChange(context, caller, params.id)
      requireReach(caller, entry.lxc_id)
      checkUndoable(entry)
      const isForced = body.force === true
      const later = await newestSince(context, entry)
      const newest = body.with_later === true ? later : undefined
      const whole = newest === undefined ? undoRequest(entry, isForced) : undoSinceRequest(entry, newest, isForced)
      await answerUndo(context, reply, {
        request: onlyPart(whole, body.only),
        undoOf: entry.id,
        isDryRun: body.dry_run === true,
      })
    },
  )
  app.post(
    '/history/install/undo',
    {
      schema: { body: InstallUndoRequest, response: { 200: successBody(ChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Give a container back what it had before the first change that the model made to it.',
        example: { lxc_id: 101 },
      },
    },
    async ({ body }, reply) => {
      const isForced = body.force === true
      const size = await findInstallSize(context, body.lxc_id, isForced)
      const request = onlyPart(undoToInstallRequest(size, isForced), body.only)
      await answerUndo(context, reply, { request, undoOf: size.change_id, isDryRun: body.dry_run === true })
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
  const { limit, skip, made } = query
  const isAsked = (entry: HistoryEntryBody) =>
    Date.parse(entry.time) >= sinceMs && isOf(entry, query) && mayReach(caller, entry.lxc_id)
  const most = skip + limit
  if (query.newest !== undefined) {
    const newest = (await audit.newestOfEach()).filter(isAsked)
    return newest.sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(skip, most)
  }
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

/** Whether an entry is of the container, the person, the end and the direction that are asked for. */
function isOf(entry: HistoryEntryBody, { lxc_id: vmid, who, outcome, direction }: z.output<typeof HistoryQuery>) {
  return (
    (vmid === undefined || concerns(entry, vmid)) &&
    (who === undefined || entry.who.key === who) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (direction === undefined || RESOURCES.some(resource => directionOf(resource, entry) === direction))
  )
}

/** Whether an entry is about a container; a clone is about two. */
function concerns({ lxc_id, asked }: HistoryEntryBody, vmid: number): boolean {
  return lxc_id === vmid || asked['new_lxc_id'] === vmid
}

/** So many candidates are named when the beginning of a number is that of several changes. */
const MOST_CANDIDATES = 5

/** A number of a change is a UUID. */
const ID_CHARACTERS = 36

/** The change whose number begins with `start`. @throws {AutoscaleError} when there is none, or more than one */
async function findChange({ audit }: RouteContext, caller: Caller, start: string): Promise<HistoryEntryBody> {
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

/**
 * The newest change that may have set the allocation of the container of `entry`.
 * @throws {AutoscaleError} STATE_NOT_ALLOWED when its number is that of another container since then
 */
async function newestSince({ audit }: RouteContext, entry: HistoryEntryBody): Promise<HistoryEntryBody | undefined> {
  const { id, lxc_id: vmid } = entry
  let newest: HistoryEntryBody | undefined
  for await (const later of audit.newestFirst()) {
    if (anotherSince(later) === vmid) {
      const message = `${vmid} is the number of another container since change ${id} (${later.action} ${later.id})`
      throw new AutoscaleError('STATE_NOT_ALLOWED', message, { details: { lxc_id: vmid, change: later.id } })
    }
    const isOfAllocation = later.action === 'scale' || later.action === 'snapshot-rollback'
    if (later.lxc_id === vmid && isOfAllocation && AllocationBody.safeParse(later.after).success) newest ??= later
    if (later.id === id) break
  }
  return newest
}

interface Undo {
  readonly request: ScaleRequest
  /** The change that is taken back. */
  readonly undoOf: string
  readonly isDryRun: boolean
}

/** Makes the change, or only says what it would be. */
async function answerUndo(
  context: RouteContext,
  reply: FastifyReply,
  { request, undoOf, isDryRun }: Undo,
): Promise<void> {
  if (!isDryRun) return answerChange(context, reply, { ...scaleChange(context, request), undoOf })
  const { message, ...preview } = await previewScale(request, context)
  const data = { lxc_id: request.vmid, before: preview.before, after: preview.after, changed: false }
  reply.send(success(reply.request, message, data))
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
