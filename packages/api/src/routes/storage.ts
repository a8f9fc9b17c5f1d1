import { StorageChangeBody, StorageIncreaseRequest, successBody } from '@lxc-autoscale/core'
import { increaseStorage } from '../changes/increase-storage.ts'
import type { ApiApp } from '../http/api-app.ts'
import { answerChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

/** POST /scale/storage/increase */
export function storageRoutes(app: ApiApp, context: RouteContext): void {
  app.post(
    '/scale/storage/increase',
    {
      schema: { body: StorageIncreaseRequest, response: { 200: successBody(StorageChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Make the root disk of a container larger; it cannot be made smaller again.',
        example: { lxc_id: 101, disk_size: 1 },
      },
    },
    (request, reply) => {
      const { lxc_id: vmid, disk_size: growthGb } = request.body
      return answerChange(context, reply, {
        action: 'storage-increase',
        vmid,
        asked: { lxc_id: vmid, disk_size: growthGb },
        perform: progress => increaseStorage({ vmid, growthGb }, context, progress),
      })
    },
  )
}
