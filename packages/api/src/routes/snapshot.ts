import { MS_PER_SECOND, OperationBody, SnapshotBody, SnapshotRequest, successBody, WireVmid } from '@lxc-autoscale/core'
import type { SnapshotFacts } from '@lxc-autoscale/host'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ChangeProgress, PerformedChange } from '../changes/change-runner.ts'
import { removeSnapshot, rollBack, type SnapshotTarget, takeSnapshot } from '../changes/snapshots.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { listSnapshots } from '../pct/commands.ts'
import { parseSnapshotList } from '../pct/parse-output.ts'
import { answerChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

type SnapshotAction = 'snapshot-create' | 'snapshot-rollback' | 'snapshot-delete'
type Perform = (target: SnapshotTarget, parts: RouteContext, progress: ChangeProgress) => Promise<PerformedChange>

const PERFORM: Readonly<Record<SnapshotAction, Perform>> = {
  'snapshot-create': takeSnapshot,
  'snapshot-rollback': rollBack,
  'snapshot-delete': removeSnapshot,
}

const schema = { body: SnapshotRequest, response: { 200: successBody(OperationBody) } }

/** POST /snapshot/create, /snapshot/rollback, DELETE /snapshot/delete, GET /snapshot/list */
export function snapshotRoutes(app: ApiApp, context: RouteContext): void {
  const answer =
    (action: SnapshotAction) =>
    (request: FastifyRequest<{ Body: z.output<typeof SnapshotRequest> }>, reply: FastifyReply) => {
      const { lxc_id: vmid, snapshot_name: name } = request.body
      const asked = { lxc_id: vmid, snapshot_name: name }
      const perform = (progress: ChangeProgress) => PERFORM[action]({ vmid, name }, context, progress)
      return answerChange(context, { request, reply }, { action, vmid, asked, perform })
    }
  app.post(
    '/snapshot/create',
    {
      schema,
      config: {
        access: 'admin',
        summary: 'Take a snapshot of a container.',
        example: { lxc_id: 101, snapshot_name: 'before-upgrade' },
      },
    },
    answer('snapshot-create'),
  )
  app.post(
    '/snapshot/rollback',
    {
      schema,
      config: {
        access: 'admin',
        summary: 'Take a container back to a snapshot; it is restarted.',
        example: { lxc_id: 101, snapshot_name: 'before-upgrade' },
      },
    },
    answer('snapshot-rollback'),
  )
  app.delete(
    '/snapshot/delete',
    {
      schema,
      config: {
        access: 'admin',
        summary: 'Remove a snapshot of a container.',
        example: { lxc_id: 101, snapshot_name: 'before-upgrade' },
      },
    },
    answer('snapshot-delete'),
  )
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
