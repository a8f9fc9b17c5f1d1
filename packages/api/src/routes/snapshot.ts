import {
  MS_PER_SECOND,
  OperationBody,
  RollbackRequest,
  SnapshotBody,
  SnapshotRequest,
  successBody,
  WireVmid,
} from '@lxc-autoscale/core'
import type { SnapshotFacts } from '@lxc-autoscale/host'
import { z } from 'zod'
import { removeSnapshot, rollBack, takeSnapshot } from '../changes/snapshots.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { listSnapshots } from '../pct/commands.ts'
import { parseSnapshotList } from '../pct/parse-output.ts'
import { answerChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

const CHANGES = [
  {
    action: 'snapshot-create',
    method: 'POST',
    url: '/snapshot/create',
    summary: 'Take a snapshot of a container.',
    body: SnapshotRequest,
    perform: takeSnapshot,
  },
  {
    action: 'snapshot-rollback',
    method: 'POST',
    url: '/snapshot/rollback',
    summary: 'Take a container back to a snapshot; it is restarted.',
    body: RollbackRequest,
    perform: rollBack,
  },
  {
    action: 'snapshot-delete',
    method: 'DELETE',
    url: '/snapshot/delete',
    summary: 'Remove a snapshot of a container.',
    body: SnapshotRequest,
    perform: removeSnapshot,
  },
] as const

/** POST /snapshot/create, /snapshot/rollback, DELETE /snapshot/delete, GET /snapshot/list */
export function snapshotRoutes(app: ApiApp, context: RouteContext): void {
  for (const { action, method, url, summary, body, perform } of CHANGES) {
    app.route({
      method,
      url,
      schema: { body, response: { 200: successBody(OperationBody) } },
      config: { access: 'admin', summary, example: { lxc_id: 101, snapshot_name: 'before-upgrade' } },
      handler: (request, reply) => {
        const { lxc_id: vmid, snapshot_name: name, force = false } = RollbackRequest.parse(request.body)
        return answerChange(context, reply, {
          action,
          vmid,
          asked: { lxc_id: vmid, snapshot_name: name },
          perform: progress => perform({ vmid, name, force }, context, progress),
        })
      },
    })
  }
  app.get(
    '/snapshot/list',
    {
      schema: { querystring: z.object({ lxc_id: WireVmid }), response: { 200: successBody(z.array(SnapshotBody)) } },
      config: { access: 'read', summary: 'The snapshots of a container.', example: { lxc_id: 101 } },
    },
    async request => {
      const vmid = request.query.lxc_id
      const snapshots = await readSnapshots(context, vmid)
      return success(request, `snapshots of container ${vmid}`, snapshots.map(snapshotBody))
    },
  )
}

async function readSnapshots({ containers, commands }: RouteContext, vmid: number): Promise<readonly SnapshotFacts[]> {
  const { snapshots } = await containers.read(vmid)
  if (snapshots !== undefined) return snapshots.filter(({ isComplete }) => isComplete)
  const { stdout } = await commands.run(listSnapshots(vmid))
  return parseSnapshotList(stdout, localTime => Date.parse(localTime.replace(' ', 'T')) / MS_PER_SECOND)
}

function snapshotBody({ name, timeSeconds, description, parent }: SnapshotFacts): SnapshotBody {
  return {
    name,
    timestamp: timeSeconds === undefined ? null : new Date(timeSeconds * MS_PER_SECOND).toISOString(),
    description: description ?? null,
    parent: parent ?? null,
  }
}
