import { AutoscaleError, ExplainBody, explainedContainer, successBody, WireVmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** GET /explain */
export function explainRoutes(app: ApiApp, { deciding, containers }: RouteContext): void {
  app.get(
    '/explain',
    {
      schema: { querystring: z.object({ lxc_id: WireVmid }), response: { 200: successBody(ExplainBody) } },
      config: {
        access: 'read',
        summary: 'What the model knew and decided of a container in its last cycle, and which settings are in force.',
        example: { lxc_id: 101 },
      },
    },
    async request => {
      const { lxc_id: vmid } = request.query
      const status = deciding.status()
      if (status === undefined) {
        const why = deciding.verdict()?.problems[0]?.text ?? 'health.model_status_file is empty'
        throw new AutoscaleError('HOST_UNREADABLE', `what the model knows cannot be read: ${why}`)
      }
      const explained = explainedContainer(status, vmid)
      if (explained !== undefined) return success(request, `what the model says of container ${vmid}`, explained)
      // One that is not here says where it is.
      await containers.read(vmid)
      const message = `the model knows no container ${vmid}; it knows those that run and are measured`
      throw new AutoscaleError('CONTAINER_NOT_FOUND', message, { details: { lxc_id: vmid } })
    },
  )
}
