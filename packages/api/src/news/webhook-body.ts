import { z } from 'zod'
import { ITEM_EVENTS } from './news-events.ts'
import { headline, type NewsMessage } from './news-message.ts'

/** What a webhook is sent. Fields are only ever added. */
export const WebhookBody = z.object({
  version: z.literal(1),
  source: z.literal('lxc-autoscale-ml'),
  host: z.string().describe('Name of this node of Proxmox.'),
  time: z.string().describe('When it was sent, ISO 8601, UTC.'),
  priority: z.enum(['low', 'normal', 'high']),
  title: z.string().describe('One line.'),
  text: z.string().describe('All of it for people, of several lines.'),
  left_out: z.number().describe('So many more there were, which stand in no message.'),
  dashboard: z.string().nullable().describe('Address of the dashboard; null when it is not known.'),
  events: z.array(
    z.object({
      event: z.enum(ITEM_EVENTS),
      state: z.enum(['happened', 'began', 'ended']),
      topic: z.string().describe('The same in the begin and the end of a state.'),
      lxc_id: z.number().nullable().describe('Null when it is about the host.'),
      name: z.string().nullable(),
      time: z.string().describe('ISO 8601, UTC.'),
      count: z.number().describe('How often it happened.'),
      title: z.string(),
      detail: z.string(),
      advice: z.string().describe('What a person can do; empty when nothing is to be done.'),
    }),
  ),
})

export function webhookBody(message: NewsMessage): z.output<typeof WebhookBody> {
  const { host, timeMs, priority, title, text, leftOut, dashboardUrl, items } = message
  return {
    version: 1,
    source: 'lxc-autoscale-ml',
    host,
    time: new Date(timeMs).toISOString(),
    priority,
    title,
    text,
    left_out: leftOut,
    dashboard: dashboardUrl ?? null,
    events: items.map(item => {
      const { event, state, topic, vmid, name, at_ms: atMs, count, detail, advice } = item
      const time = new Date(atMs).toISOString()
      return { event, state, topic, lxc_id: vmid, name, time, count, title: headline(item), detail, advice }
    }),
  }
}
