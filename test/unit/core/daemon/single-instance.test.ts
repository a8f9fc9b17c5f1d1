import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acquireInstanceLock } from '@lxc-autoscale/core'
import { afterEach, beforeEach, expect, test } from 'vitest'

let directory: string
let path: string
const failOnLoss = (error: Error) => {
  throw error
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'))
  path = join(directory, 'model.lock')
})
afterEach(() => rmSync(directory, { recursive: true }))

/** A process number that no process has: above the largest that Linux gives. */
const DEAD_PID = 4_194_305

function leaveAbandonedLock(pid: number) {
  writeFileSync(path, `${pid}\n`)
  mkdirSync(`${path}.lock`)
}

test('writes the number of the process into the file', async () => {
  const held = await acquireInstanceLock(path, failOnLoss)
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
  expect(held.takenOverFromPid).toBeUndefined()
  await held.release()
})

test('refuses a second holder and names the first', async () => {
  const held = await acquireInstanceLock(path, failOnLoss)
  await expect(acquireInstanceLock(path, failOnLoss)).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  await held.release()
})

test('takes over at once from a process that was killed, and says from which', async () => {
  leaveAbandonedLock(DEAD_PID)
  const held = await acquireInstanceLock(path, failOnLoss)
  expect(held.takenOverFromPid).toBe(DEAD_PID)
  await held.release()
})

test('can be taken again after it was released', async () => {
  await (await acquireInstanceLock(path, failOnLoss)).release()
  const held = await acquireInstanceLock(path, failOnLoss)
  expect(held.takenOverFromPid).toBeUndefined()
  await held.release()
})
