import { CloneCreateRequest, CloneDeleteRequest, OperationBody, successBody } from '@lxc-autoscale/core'
import { type CloneParts, deleteClone, makeClone } from '../changes/clone-container.ts'
import type { ApiApp } from '../http/api-app.ts'
import { answerChange } from './answer-change.ts'
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
      const { lxc_id: vmid, new_lxc_id: newVmid, new_lxc_name: name, force = false } = request.body
      return answerChange(context, reply, {
        action: 'clone-create',
        vmid,
        otherVmids: [newVmid],
        asked: { lxc_id: vmid, new_lxc_id: newVmid, new_lxc_name: name },
        perform: progress => makeClone({ vmid, newVmid, name, force }, parts, progress),
      })
    },
  )
  app.delete(
    '/clone/delete',
    {
      schema: { body: CloneDeleteRequest, response },
      config: {
        access: 'admin',
        summary:
          'Stop and destroy a container that this API cloned; any other one only with "force": true, and never through pct-helper.',
        example: { lxc_id: 900 },
      },
    },
    (request, reply) => {
      const { lxc_id: vmid, force = false } = request.body
      const deletion = { ...parts, findChange: (id: string) => context.audit.find(id) }
      return answerChange(context, reply, {
        action: 'clone-delete',
        vmid,
        asked: { lxc_id: vmid },
        perform: progress => deleteClone({ vmid, force }, deletion, progress),
      })
    },
  )
}
