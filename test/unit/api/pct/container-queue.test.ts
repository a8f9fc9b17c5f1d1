import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ContainerQueue } from '../../../../packages/api/src/pct/container-queue.ts'

/** A task that runs until it is told to end. */
class Task {
  isRunning = false
  end = () => {}
  readonly #done = new Promise<void>(resolve => {
    this.end = resolve
  })

  async run(): Promise<string> {
    this.isRunning = true
    await this.#done
    this.isRunning = false
    return 'done'
  }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

function enqueue(
  queue: ContainerQueue,
  vmids: readonly number[],
  options: { isLong?: boolean; signal?: AbortSignal } = {},
) {
  const task = new Task()
  const result = queue.run({
    vmids,
    isLong: options.isLong ?? false,
    signal: options.signal,
    run: () => task.run(),
  })
  result.catch(() => undefined)
  return { task, result }
}

const queueOf = (maxRunning: number, maxWaiting: number) => new ContainerQueue(() => ({ maxRunning, maxWaiting }))

describe('a queue of two', () => {
  test('makes the changes of one container one at a time, in their order', async () => {
    const queue = queueOf(2, 8)
    const [first, second] = [enqueue(queue, [101]), enqueue(queue, [101])]
    await settle()
    expect([first.task.isRunning, second.task.isRunning]).toEqual([true, false])
    first.task.end()
    await settle()
    expect([first.task.isRunning, second.task.isRunning]).toEqual([false, true])
  })

  test('makes two changes of different containers at once, and no third', async () => {
    const queue = queueOf(2, 8)
    const tasks = [101, 102, 103].map(vmid => enqueue(queue, [vmid]).task)
    await settle()
    expect(tasks.map(({ isRunning }) => isRunning)).toEqual([true, true, false])
    expect([queue.running, queue.waiting]).toEqual([2, 1])
  })

  test('lets another container go before one whose container is busy', async () => {
    const queue = queueOf(2, 8)
    enqueue(queue, [101])
    const waiting = enqueue(queue, [101]).task
    const other = enqueue(queue, [102]).task
    await settle()
    expect([waiting.isRunning, other.isRunning]).toEqual([false, true])
  })

  test('keeps one place free of long work', async () => {
    const queue = queueOf(2, 8)
    const long = [101, 102].map(vmid => enqueue(queue, [vmid], { isLong: true }).task)
    const quick = enqueue(queue, [103]).task
    await settle()
    expect([...long, quick].map(({ isRunning }) => isRunning)).toEqual([true, false, true])
  })

  test('turns away what comes when too many wait', async () => {
    const queue = queueOf(2, 1)
    for (const vmid of [101, 102, 103]) enqueue(queue, [vmid])
    await expect(enqueue(queue, [104]).result).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true })
  })

  test('does not begin what nobody waits for any more, and does not stop what has begun', async () => {
    const queue = queueOf(1, 8)
    const gone = new AbortController()
    const running = enqueue(queue, [101], { signal: gone.signal })
    const waiting = enqueue(queue, [102], { signal: gone.signal })
    gone.abort()
    running.task.end()
    await expect(running.result).resolves.toBe('done')
    await expect(waiting.result).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(waiting.task.isRunning).toBe(false)
  })

  test('waits for what has begun when it is closed, and refuses the rest', async () => {
    const queue = queueOf(1, 8)
    const running = enqueue(queue, [101])
    const waiting = enqueue(queue, [102])
    const closed = queue.close()
    await expect(waiting.result).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(enqueue(queue, [103]).result).rejects.toMatchObject({ code: 'CANCELLED' })
    running.task.end()
    await expect(closed).resolves.toBeUndefined()
  })

  test('goes on after a task that failed', async () => {
    const queue = queueOf(1, 8)
    const run = () => Promise.reject(new Error('no'))
    await expect(queue.run({ vmids: [101], isLong: false, signal: undefined, run })).rejects.toThrow('no')
    expect([queue.running, queue.waiting]).toEqual([0, 0])
  })
})

test('never runs two tasks of one container, nor more than it may, whatever comes', async () => {
  const work = fc.record({
    vmids: fc.uniqueArray(fc.integer({ min: 101, max: 105 }), { minLength: 1, maxLength: 2 }),
    isLong: fc.boolean(),
    turns: fc.integer({ min: 0, max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 30 }), async items => {
      const queue = queueOf(2, 100)
      const busy = new Set<number>()
      const order: number[] = []
      let most = 0
      await Promise.all(
        items.map(({ vmids, isLong, turns }, at) =>
          queue.run({
            vmids,
            isLong,
            signal: undefined,
            async run() {
              for (const vmid of vmids) {
                expect(busy.has(vmid)).toBe(false)
                busy.add(vmid)
              }
              most = Math.max(most, queue.running)
              for (let turn = 0; turn < turns; turn++) await settle()
              for (const vmid of vmids) busy.delete(vmid)
              order.push(at)
            },
          }),
        ),
      )
      expect(most).toBeLessThanOrEqual(2)
      for (const vmid of [101, 102, 103, 104, 105]) {
        const own = order.filter(at => items[at]?.vmids.includes(vmid))
        expect(own).toEqual([...own].sort((a, b) => a - b))
      }
    }),
    { numRuns: 60 },
  )
})
