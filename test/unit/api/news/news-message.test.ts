import { expect, test } from 'vitest'
import type { NewsItem } from '../../../../packages/api/src/news/news-events.ts'
import { composeMessage, headline, MOST_TEXT_BYTES } from '../../../../packages/api/src/news/news-message.ts'
import { newsItem } from '../../../builders/news-item.ts'

function compose(items: readonly NewsItem[], dropped = 0) {
  return composeMessage({ items, dropped, host: 'pve1', nowMs: 0, dashboardUrl: undefined })
}

test('one of it: who, what and what to do', () => {
  expect(compose([newsItem({ count: 3 })])).toMatchObject({
    title: 'pve1: web (101): a process was killed at its memory limit, 3 times',
    text: 'web (101): a process was killed at its memory limit, 3 times\n  The limit is 512 MB now.\n  What to do: lxc-autoscale explain 101',
    priority: 'high',
    leftOut: 0,
  })
})

test('what is urgent comes first, what is over last', () => {
  const { title, items, priority } = compose([
    newsItem({ event: 'at_maximum', state: 'ended', topic: 'a', what: 'at its maximum' }),
    newsItem({ event: 'refused', state: 'began', topic: 'b', what: 'refused' }),
    newsItem(),
  ])
  expect(items.map(({ event }) => event)).toEqual(['killed', 'refused', 'at_maximum'])
  expect(title).toBe('pve1: web (101): a process was killed at its memory limit and 2 more')
  expect(priority).toBe('high')
})

test('the end of a state is told as such, and is not urgent', () => {
  const ended = newsItem({ event: 'daemon_trouble', state: 'ended', vmid: null, what: 'nothing is decided' })
  expect(headline(ended)).toBe('over: nothing is decided')
  expect(compose([ended]).priority).toBe('normal')
})

test('however much there is, it fits, and what does not is counted', () => {
  const items = Array.from({ length: 100 }, (_, at) => newsItem({ vmid: 100 + at, name: 'ä'.repeat(300) }))
  const { title, text, leftOut, items: shown } = compose(items, 900)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_TEXT_BYTES)
  expect(shown.length).toBeGreaterThan(5)
  expect(leftOut).toBe(1_000 - shown.length)
  expect(text).toContain(`${leftOut} more messages were left out`)
  expect([...title].length).toBeLessThanOrEqual(150)
  expect(title).toMatch(/… and 999 more$|\) and 999 more$| and 999 more$/)
})

test('one of very many lines is cut, not left out', () => {
  const { text, leftOut } = compose([newsItem({ detail: `web (101): ${'ä'.repeat(80)}\n`.repeat(60) })])
  expect(leftOut).toBe(0)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_TEXT_BYTES)
  expect(text).toMatch(/^web \(101\): a process was killed.*\n {2}web \(101\): ä+\n/)
  expect(text).toMatch(/\n {2}…$/)
})

test('a single one that is too long is cut, not left out', () => {
  const { text, leftOut } = compose([newsItem({ detail: 'x'.repeat(100_000) })])
  expect(leftOut).toBe(0)
  expect(text.length).toBeLessThan(1_000)
})

test('a name begins no line and no header, and hides nothing', () => {
  const name = 'web\r\nBcc: everybody@example.org\u202e\u0000'
  const { title, text } = compose([newsItem({ name, what: 'x\r\n.\r\ny' })])
  expect(title).toBe('pve1: web\\r\\nBcc: everybody@example.org\\u202e\\u0000 (101): x\\r\\n.\\r\\ny')
  expect(text.split('\n')).toHaveLength(3)
})
