import { CloneCreateRequest, CloneDeleteRequest, OperationBody, successBody } from '@lxc-autoscale/core'
import { type CloneParts, deleteClone, makeClone } from '../changes/clone-container.ts'
import type { ApiApp } from '../http/api-app.ts'
import { answerChange, runChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

const response = { 200: successBody(OperationBody) }

/** POST /clone/create, DELETE /clone/delete */
export function cloneRoutes(app: ApiApp, context: RouteContext): void {
  const parts: CloneParts = { ...context, storage: context.config.lxc.default_storage }
  app.post(
    '/clone/create',
    {
      schema: { body: CloneCreateRequest, response },
      config: {
        access: 'admin',
        summary: 'Copy a container (from a temporary snapshot) and start the copy.',
        example: { lxc_id: 101, new_lxc_id: 900, new_lxc_name: 'copy' },
      },
    },
    (request, reply) => {
      const { lxc_id: vmid, new_lxc_id: newVmid, new_lxc_name: name } = request.body
      return answerChange(context, { request, reply, isHarmless: false }, origin =>
        runChange(context, {
          action: 'clone-create',
          vmid,
          otherVmids: [newVmid],
          isLong: true,
          asked: { lxc_id: vmid, new_lxc_id: newVmid, new_lxc_name: name },
          origin,
          perform: progress => makeClone({ vmid, newVmid, name, force: origin.force }, parts, progress),
        }),
      )
    },
  )
  app.delete(
    '/clone/delete',
    {
      schema: { body: CloneDeleteRequest, response },
      config: {
        access: 'admin',
        summary: 'Stop and destroy a container that this API cloned; any other one only with "force": true.',
        example: { lxc_id: 900 },
      },
    },
    (request, reply) => {
      const { lxc_id: vmid } = request.body
      return answerChange(context, { request, reply, isHarmless: false }, origin =>
        runChange(context, {
          action: 'clone-delete',
          vmid,
          isLong: true,
          asked: { lxc_id: vmid },
          origin,
          perform: progress =>
            deleteClone(
              { vmid, force: origin.force },
              { ...parts, findChange: id => context.audit.find(id) },
              progress,
            ),
        }),
      )
    },
  )
}
