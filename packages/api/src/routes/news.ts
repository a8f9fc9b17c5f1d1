import { NewsTestBody, NewsTestRequest, successBody } from '@lxc-autoscale/core'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** POST /news/test */
export function newsRoutes(app: ApiApp, { news }: RouteContext): void {
  app.post(
    '/news/test',
    {
      schema: { body: NewsTestRequest, response: { 200: successBody(NewsTestBody) } },
      config: {
        access: 'scale',
        summary: 'Send a test message to the targets of notifications, and tell what each of them answers.',
        example: {},
      },
    },
    async request => {
      const tested = await news.test(request.body.target)
      const sent = tested.targets.filter(({ is_sent: isSent }) => isSent).length
      return success(request, `sent to ${sent} of ${tested.targets.length} targets`, tested)
    },
  )
}
