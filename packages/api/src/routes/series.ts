import { AutoscaleError, type HistoryEntryBody, SeriesBody, SeriesQuery, successBody } from '@lxc-autoscale/core'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** More marks than anybody can tell from another on a curve. */
const MOST_CHANGES = 1_000

/** GET /series */
export function seriesRoutes(app: ApiApp, context: RouteContext): void {
  app.get(
    '/series',
    {
      schema: { querystring: SeriesQuery, response: { 200: successBody(SeriesBody) } },
      config: {
        access: 'read',
        summary: 'What was measured of a container over a time, in steps, with what was changed and was abnormal.',
        example: { lxc_id: 101, since: '2026-01-05T00:00:00Z' },
      },
    },
    async request => {
      const { lxc_id: vmid, since, until, steps } = request.query
      const nowMs = context.clock.nowMs()
      const sinceMs = Date.parse(since)
      const untilMs = Math.min(nowMs, until === undefined ? nowMs : Date.parse(until))
      if (sinceMs >= untilMs) {
        const end = new Date(untilMs).toISOString()
        throw new AutoscaleError(
          'INVALID_REQUEST',
          `since must be before until and before now: ${since} is not before ${end}`,
        )
      }
      const columns = await context.series.series(vmid, { sinceMs, untilMs, steps })
      const changes = await changesBetween(context, vmid, [Date.parse(columns.since), untilMs])
      return success(request, `history of container ${vmid}`, { lxc_id: vmid, ...columns, changes })
    },
  )
}

async function changesBetween(
  { audit }: RouteContext,
  vmid: number,
  [sinceMs, untilMs]: readonly [number, number],
): Promise<HistoryEntryBody[]> {
  const found: HistoryEntryBody[] = []
  for await (const entry of audit.newestOf(vmid, sinceMs)) {
    const timeMs = Date.parse(entry.time)
    if (timeMs >= sinceMs && timeMs <= untilMs) found.push(entry)
    if (found.length === MOST_CHANGES) break
  }
  return found
}
