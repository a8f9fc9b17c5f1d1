import {
  HistoryBody,
  type HistoryEntryBody,
  HistoryQuery,
  type InstallSizeBody,
  InstallSizesBody,
  successBody,
} from '@lxc-autoscale/core'
import type { z } from 'zod'
import { directionOf, RESOURCES } from '../changes/direction.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { type Caller, mayReach } from '../http/caller.ts'
import { listContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

/** GET /history, GET /history/install */
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
}

/** Of the containers that this node has. */
export async function readInstallSizes(context: RouteContext, caller: Caller): Promise<InstallSizeBody[]> {
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
