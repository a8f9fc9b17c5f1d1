import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@lxc-autoscale/core'
import { expect, onTestFinished, test } from 'vitest'
import { FilesystemProbe } from '../../../../packages/monitor/src/host/filesystem-probe.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

function probeOf(proc: string, clock = systemClock) {
  const probe = new FilesystemProbe(proc, clock, { timeoutMs: 10_000, maxThreads: 2 })
  onTestFinished(() => probe.close())
  return probe
}

test('gives the size of the file system that the root of a process is on', async () => {
  const proc = temporaryDirectory()
  mkdirSync(join(proc, '5/root'), { recursive: true })
  const answer = (await probeOf(proc).ask([5])).of(5)
  const { bsize, blocks } = statfsSync(proc)
  expect(answer).toMatchObject({ totalBytes: blocks * bsize })
  if (typeof answer === 'string') throw new Error(answer)
  expect(answer.usedBytes + answer.freeBytes).toBeLessThanOrEqual(answer.totalBytes)
})

test('says which processes failed and still answers for the others', async () => {
  const proc = temporaryDirectory()
  for (const pid of [5, 7]) mkdirSync(join(proc, `${pid}/root`), { recursive: true })
  const answers = await probeOf(proc).ask([5, 6, 7])
  expect(answers.of(6)).toBe('failed')
  for (const pid of [5, 7]) expect(answers.of(pid)).toHaveProperty('totalBytes')
})

test('can be asked again, and about nothing', async () => {
  const proc = temporaryDirectory()
  mkdirSync(join(proc, '5/root'), { recursive: true })
  const probe = probeOf(proc)
  await probe.ask([5])
  expect((await probe.ask([])).of(5)).toBe('late')
  expect((await probe.ask([5])).of(5)).toHaveProperty('totalBytes')
  expect(probe.stuckThreads).toBe(0)
})

test('stops waiting at the time limit: what is late has no figures, and is not asked again meanwhile', async () => {
  const proc = temporaryDirectory()
  writeFileSync(join(proc, 'never-mind'), '')
  const clock = new FakeClock()
  const probe = new FilesystemProbe(proc, clock, { timeoutMs: 250, maxThreads: 1 })
  // The clock jumps over the limit before the thread can have begun.
  const asked = probe.ask([5])
  await clock.advance(250)
  expect((await asked).of(5)).toBe('late')
  expect(probe.stuckThreads).toBe(1)
  expect((await probe.ask([6])).of(6)).toBe('late')
  await expect.poll(() => probe.stuckThreads).toBe(0)
  await probe.close()
})
