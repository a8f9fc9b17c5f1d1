import type { NewsItem } from '../../packages/api/src/news/news-events.ts'

/** A kill in a container, but for what a test cares about. */
export function newsItem(item: Partial<NewsItem> = {}): NewsItem {
  const vmid = item.vmid === undefined ? 101 : item.vmid
  return {
    event: 'killed',
    state: 'happened',
    topic: `killed:${vmid}`,
    vmid,
    name: 'web',
    at_ms: Date.UTC(2026, 0, 5),
    count: 1,
    what: 'a process was killed at its memory limit',
    detail: 'The limit is 512 MB now.',
    advice: 'lxc-autoscale explain 101',
    ...item,
  }
}
