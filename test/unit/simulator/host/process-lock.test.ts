import { expect, test } from 'vitest'
import { acquireProcessLock, withProcessLock } from '../../../../packages/simulator/src/host/process-lock.ts'
import { scratchDirectory } from '../pretend-host.ts'

test('has one holder at a time', async () => {
  const root = scratchDirectory()
  const first = await acquireProcessLock({ root, name: 'a', timeoutMs: 0 })
  expect(await acquireProcessLock({ root, name: 'a', timeoutMs: 0 })).toBeUndefined()
  await first?.release()
  const second = await acquireProcessLock({ root, name: 'a', timeoutMs: 0 })
  expect(await acquireProcessLock({ root, name: 'a', timeoutMs: 0 })).toBeUndefined()
  await second?.release()
  const third = await acquireProcessLock({ root, name: 'a', timeoutMs: 0 })
  expect(third).toEqual({ release: expect.any(Function) })
  await third?.release()
})

test('is another one under another name and on another host', async () => {
  const root = scratchDirectory()
  const locks = [
    await acquireProcessLock({ root, name: 'a', timeoutMs: 0 }),
    await acquireProcessLock({ root, name: 'b', timeoutMs: 0 }),
    await acquireProcessLock({ root: scratchDirectory(), name: 'a', timeoutMs: 0 }),
  ]
  expect(locks.every(lock => lock !== undefined)).toBe(true)
  for (const lock of locks) await lock?.release()
})

test('lets one after the other through', async () => {
  const root = scratchDirectory()
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withProcessLock({ root, name: 'a', timeoutMs: 10_000 }, async () => {
        inside++
        most = Math.max(most, inside)
        await Promise.resolve()
        inside--
      }),
    ),
  )
  expect(most).toBe(1)
})
