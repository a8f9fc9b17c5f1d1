import { PastBody, PastQuery, successBody } from '@lxc-autoscale/core'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** GET /past */
export function pastRoutes(app: ApiApp, { containers, past }: RouteContext): void {
  app.get(
    '/past',
    {
      schema: { querystring: PastQuery, response: { 200: successBody(PastBody) } },
      config: {
        access: 'read',
        summary:
          'What Proxmox has kept of a container, also from before this was installed: the finest steps for each time.',
        example: { lxc_id: 101, days: 30 },
      },
    },
    async request => {
      const { lxc_id: vmid, days } = request.query
      await containers.read(vmid)
      return success(request, `what Proxmox has kept of container ${vmid}`, await past.read(vmid, days))
    },
  )
}
