import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSample, MetricsCycle } from '@lxc-autoscale/core'
import { formatCycle } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { daemonStates } from '../../../../packages/api/src/daemon-states.ts'
import { MetricsFeed, type SampleKeeper } from '../../../../packages/api/src/host/metrics-feed.ts'
import { sample, summary } from '../../../builders/snapshot.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const START_MS = Date.UTC(2026, 0, 5)

function line(second: number, of101: Partial<ContainerSample> = {}): string {
  const timestampMs = START_MS + second * 1_000
  const containers = new Map([[101, sample({ timestampMs, ...of101 })]])
  return formatCycle({ containers, summary: summary() })
}

function setUp(text?: string) {
  const path = join(temporaryDirectory(), 'm.json')
  if (text !== undefined) writeFileSync(path, text)
  const clock = new FakeClock(START_MS + 3_600_000)
  const { log, lines } = recordingLog()
  const kept: number[][] = []
  const keeper: SampleKeeper = {
    add: samples => kept.push(samples.map(each => each.sample.timestampMs)) > Number.POSITIVE_INFINITY,
    settle: async () => undefined,
  }
  const feed = new MetricsFeed({ clock, log, keeper })
  feed.use(path)
  const states = () => {
    const health = { metrics_file: path, max_metrics_age_seconds: 1e9, pct_interval_seconds: 1, model_lock_file: '' }
    return daemonStates({ clock, metrics: feed, config: { health: { ...health, model_status_file: '' } } })
  }
  return { path, clock, feed, kept, lines, states }
}

describe('the newest sample of the monitor', () => {
  test('is that of the last whole line, whatever was torn behind it', async () => {
    const whole = setUp(`[\n${line(0, { cpuCoresUsed: 1 })},\n${line(10, { cpuCoresUsed: 2 })}\n]\n`)
    await whole.feed.look()
    expect(whole.feed.sample(101)?.cpuCoresUsed).toBe(2)
    const torn = setUp(`[\n${line(0, { cpuCoresUsed: 1 })},\n${line(10, { cpuCoresUsed: 2 }).slice(0, 30)}`)
    await torn.feed.look()
    expect(torn.feed.sample(101)?.cpuCoresUsed).toBe(1)
  })

  test.each(['', '[\n]\n', undefined])('is none in a file that holds %j', async text => {
    const { feed } = setUp(text)
    await feed.look()
    expect([feed.newest(), feed.sample(101)]).toEqual([undefined, undefined])
  })

  test('is none when it cannot be true, and nobody keeps it', async () => {
    const { feed, kept } = setUp(`[\n${line(0)},\n${line(10, { memoryUsageMb: 1e9 })}\n]\n`)
    await feed.look()
    expect(feed.sample(101)).toBeUndefined()
    expect(feed.newest()?.containers.size).toBe(0)
    expect(kept).toEqual([[START_MS], []])
  })

  test.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
    ['an endless device', (path: string) => symlinkSync('/dev/zero', path)],
    ['a link to itself', (path: string) => symlinkSync(path, path)],
  ])('is not known, and not waited for, while %s stands in the place of the file', async (_, make) => {
    const { path, feed, lines, states } = setUp()
    make(path)
    await feed.look()
    await feed.look()
    expect(feed.sample(101)).toBeUndefined()
    expect(lines.filter(({ message }) => message === 'metrics cannot be read')).toHaveLength(1)
    expect(states()[0]).toMatchObject({ state: 'not known', detail: expect.stringContaining(path) })
    rmSync(path, { recursive: true })
    writeFileSync(path, `[\n${line(0, { cpuCoresUsed: 1 })}\n]\n`)
    await feed.look()
    expect(feed.sample(101)?.cpuCoresUsed).toBe(1)
    expect(states()[0]).toMatchObject({ state: 'running' })
  })

  test('is not looked for in a file without line ends that is longer than any line', async () => {
    const { path, feed } = setUp('')
    truncateSync(path, 40_000_000)
    await feed.look()
    expect(feed.newest()).toBeUndefined()
  })
})

test('who wants to hear is told the newest cycle of each look that found one, until enough was heard', async () => {
  const { path, feed, kept } = setUp(`[\n${line(0)},\n${line(10)}\n`)
  const heard: (number | undefined)[] = []
  const stop = feed.subscribe(({ containers }: MetricsCycle) => void heard.push(containers.get(101)?.timestampMs))
  await feed.look()
  await feed.look()
  expect(heard).toEqual([START_MS + 10_000])
  appendFileSync(path, `,\n${line(20)}\n`)
  await feed.look()
  stop()
  appendFileSync(path, `,\n${line(30)}\n`)
  await feed.look()
  expect(heard).toEqual([START_MS + 10_000, START_MS + 20_000])
  expect(kept.flat()).toEqual([0, 10, 20, 30].map(second => START_MS + second * 1_000))
})

test('another file is followed from its begin, and nothing when there is none to follow', async () => {
  const { feed } = setUp(`[\n${line(10, { cpuCoresUsed: 2 })}\n]\n`)
  const { path } = setUp(`[\n${line(0, { cpuCoresUsed: 1 })}\n]\n`)
  await feed.look()
  feed.use(path)
  expect(feed.newest()).toBeUndefined()
  await feed.look()
  expect(feed.sample(101)?.cpuCoresUsed).toBe(1)
  feed.use('')
  await feed.look()
  expect([feed.newest(), feed.modifiedMs()]).toEqual([undefined, undefined])
})

test('who keeps the samples gets its turn when it wants it, and at the end of what there is to read', async () => {
  const { path, clock } = setUp(`[\n${line(0)},\n${line(10)}\n`)
  const seen: unknown[] = []
  const keeper: SampleKeeper = {
    add: samples => seen.push(samples.length) === 1,
    settle: async isAtEnd => void seen.push(isAtEnd ? 'end' : 'turn'),
  }
  const feed = new MetricsFeed({ clock, log: recordingLog().log, keeper })
  feed.use(path)
  await feed.look()
  await feed.look()
  expect(seen).toEqual([1, 1, 'turn', 'end', 'end'])
})
