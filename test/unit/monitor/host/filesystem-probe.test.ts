import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FilesystemProbe } from '../../../../packages/monitor/src/host/filesystem-probe.ts'
import type { StatfsThread, StatfsWork } from '../../../../packages/monitor/src/host/statfs-thread.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const LIMIT_MS = 250

describe('asking', () => {
  function probeOf(proc: string) {
    const probe = new FilesystemProbe({ proc, timeoutMs: 10_000, maxThreads: 2 }, systemClock)
    onTestFinished(() => probe.close())
    return probe
  }

  test('gives the size of the file system that the root of a process is on', async () => {
    const proc = temporaryDirectory()
    mkdirSync(join(proc, '5/root'), { recursive: true })
    const answer = (await probeOf(proc).ask([5]))(5)
    const { bsize, blocks } = statfsSync(proc)
    expect(answer).toMatchObject({ totalBytes: blocks * bsize })
    if (typeof answer === 'string') throw new Error(answer)
    expect(answer.usedBytes + answer.freeBytes).toBeLessThanOrEqual(answer.totalBytes)
  })

  test('says which processes failed and still answers for the others', async () => {
    const proc = temporaryDirectory()
    for (const pid of [5, 7]) mkdirSync(join(proc, `${pid}/root`), { recursive: true })
    const answers = await probeOf(proc).ask([5, 6, 7])
    expect(answers(6)).toBe('failed')
    for (const pid of [5, 7]) expect(answers(pid)).toHaveProperty('totalBytes')
  })

  test('can be asked again, and about nothing', async () => {
    const proc = temporaryDirectory()
    mkdirSync(join(proc, '5/root'), { recursive: true })
    const probe = probeOf(proc)
    await probe.ask([5])
    expect((await probe.ask([]))(5)).toBe('late')
    expect((await probe.ask([5]))(5)).toHaveProperty('totalBytes')
    expect(probe.stuckThreads).toBe(0)
  })
})

/** A thread that answers for one process after another when a test tells it to, and hangs until then. */
class FakeThread implements StatfsThread {
  readonly ready: Promise<void>
  work: StatfsWork | undefined
  isEnded = false
  #whenDone: () => void = () => {}

  constructor(ready: Promise<void>) {
    this.ready = ready
  }

  begin(work: StatfsWork, whenDone: () => void): void {
    this.work = work
    this.#whenDone = whenDone
  }

  /** Answers for the first `count` processes of its work. */
  answer(count: number): void {
    const { answers, done, pids } = this.work ?? {}
    if (answers === undefined || done === undefined || pids === undefined) throw new Error('no work')
    for (let index = 0; index < count; index++) answers.set([100, 60, 40], index * 3)
    Atomics.store(done, 0, count)
    if (count === pids.length) this.#whenDone()
  }

  async end(): Promise<void> {
    this.isEnded = true
  }
}

const SIZE = { totalBytes: 100, usedBytes: 60, freeBytes: 40 }

function setUp({ maxThreads = 2, ready = Promise.resolve() } = {}) {
  const proc = temporaryDirectory()
  const clock = new FakeClock()
  const threads: FakeThread[] = []
  const probe = new FilesystemProbe({ proc, timeoutMs: LIMIT_MS, maxThreads }, clock, () => {
    const thread = new FakeThread(ready)
    threads.push(thread)
    return thread
  })
  const mountRoot = (pid: number, device: string) => {
    mkdirSync(join(proc, String(pid)), { recursive: true })
    writeFileSync(
      join(proc, String(pid), 'mountinfo'),
      `21 20 0:99 / /sys rw - sysfs\n22 20 ${device} / / rw - nfs4 nas:/ct rw\n`,
    )
  }
  /** Asks, lets the newest thread answer `answered` processes, and lets the time limit pass. */
  const ask = async (pids: readonly number[], answered: number) => {
    const asked = probe.ask(pids)
    await clock.advance(0)
    if (answered > 0) threads.at(-1)?.answer(answered)
    await clock.advance(LIMIT_MS)
    const answers = await asked
    return pids.map(pid => answers(pid))
  }
  return { probe, clock, threads, ask, mountRoot }
}

test('asks many in turn, new ones at once; what the others answered stands, unless they are gone', async () => {
  const { ask, threads } = setUp()
  const pids = Array.from({ length: 500 }, (_, index) => 1_000 + index)
  const askedOf = async (asked: readonly number[], count: number) => {
    expect(await ask(asked, count)).toEqual(asked.map(() => SIZE))
    return [...(threads[0]?.work?.pids ?? [])]
  }
  expect(await askedOf(pids, 500)).toEqual(pids)
  expect(await askedOf(pids, 200)).toEqual(pids.slice(0, 200))
  expect(await askedOf([...pids, 7], 200)).toEqual([7, ...pids.slice(200, 399)])
  expect(await askedOf(pids, 200)).toEqual([...pids.slice(399), ...pids.slice(0, 99)])
  expect(await ask([...pids, 7], 0)).toContain('late')
})

describe('a file system that hangs', () => {
  test('costs the answers from there on, and no more time than the limit', async () => {
    const { probe, ask, clock } = setUp()
    const beforeMs = clock.monotonicMs()
    expect(await ask([5, 6, 7], 1)).toEqual([SIZE, 'late', 'late'])
    expect(clock.monotonicMs() - beforeMs).toBe(LIMIT_MS)
    expect(probe.stuckThreads).toBe(1)
  })

  test('is not asked again, nor are others on its device; the rest is asked by another thread', async () => {
    const { ask, mountRoot, threads } = setUp()
    mountRoot(5, '0:50')
    mountRoot(6, '0:51')
    mountRoot(7, '0:51')
    await ask([5, 6, 7], 1)
    expect(await ask([5, 6, 7], 1)).toEqual([SIZE, 'late', 'late'])
    expect(threads).toHaveLength(2)
    expect([...(threads[1]?.work?.pids ?? [])]).toEqual([5])
  })

  test('holds one thread each, up to the most threads', async () => {
    const { probe, ask, threads } = setUp({ maxThreads: 2 })
    await ask([5, 6, 7], 0)
    await ask([6, 7], 0)
    expect(probe.stuckThreads).toBe(2)
    expect(await ask([7], 0)).toEqual(['late'])
    expect(threads).toHaveLength(2)
  })

  test('is asked again when it has answered, late', async () => {
    const { probe, ask, threads } = setUp()
    await ask([5], 0)
    threads[0]?.answer(1)
    expect(probe.stuckThreads).toBe(0)
    expect(await ask([5], 1)).toEqual([SIZE])
    expect(threads).toHaveLength(1)
  })

  test('whose thread comes back when another took its place: one of them is enough', async () => {
    const { ask, threads } = setUp()
    await ask([5], 0)
    await ask([6], 1)
    threads[0]?.answer(1)
    expect(threads.map(({ isEnded }) => isEnded)).toEqual([true, false])
  })

  test('gets a moment to answer when the probe closes', async () => {
    const { probe, ask, threads, clock } = setUp()
    await ask([5], 0)
    const closed = probe.close()
    await clock.advance(500)
    threads[0]?.answer(1)
    await closed
    expect(probe.stuckThreads).toBe(0)
    expect(threads[0]?.isEnded).toBe(true)
  })

  test('does not keep the probe from closing', async () => {
    const { probe, ask, clock } = setUp()
    await ask([5], 0)
    const closed = probe.close()
    await clock.advance(1_000)
    await closed
    expect(probe.stuckThreads).toBe(1)
  })

  test('is not what a thread is that takes long to start', async () => {
    const { probe, clock } = setUp({ ready: new Promise(() => {}) })
    const asked = probe.ask([5])
    await clock.advance(3_000)
    expect((await asked)(5)).toBe('late')
    expect(probe.stuckThreads).toBe(0)
  })
})
