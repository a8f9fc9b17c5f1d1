import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { ApiConfig } from '../../../packages/api/src/config.ts'
import { Deciding } from '../../../packages/api/src/deciding.ts'
import { modelStatus } from '../../builders/model-status.ts'
import { FakeClock } from '../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const clock = new FakeClock()
let status: string
let lock: string
beforeEach(() => {
  const directory = temporaryDirectory()
  status = join(directory, 'model-status.json')
  lock = join(directory, 'model.lock')
})

/** What an API finds that is configured so. */
function deciding(health: Readonly<Record<string, string>> = {}): Deciding {
  const config = ApiConfig.parse({ health: { model_status_file: status, model_lock_file: lock, ...health } })
  return new Deciding({ clock, config })
}

/** The model, which is this process, has finished a cycle at this moment. */
function finishCycle(number = 1): void {
  writeFileSync(lock, `${process.pid}\n`)
  const updated_at = new Date(clock.nowMs()).toISOString()
  // As the model does it: another file each time.
  rmSync(status, { force: true })
  writeFileSync(status, JSON.stringify(modelStatus({ pid: process.pid, updated_at, cycle: { number } })))
}

function folderAt(path: string): void {
  rmSync(path)
  mkdirSync(path)
}

test('it decides while the files of the model say so', () => {
  finishCycle()
  expect(deciding().verdict()).toMatchObject({ state: 'deciding', problems: [] })
})

test.each<[string, () => void, string]>([
  ['a model that never ran', () => undefined, 'model_not_running'],
  ['a model that released its lock', () => writeFileSync(lock, ''), 'model_not_running'],
  ['a model that was killed', () => writeFileSync(lock, '4194999\n'), 'model_not_running'],
  ['a status that is no JSON', () => writeFileSync(status, '{"version":2'), 'status_unreadable'],
  ['a status of another version', () => writeFileSync(status, '{"version":1}'), 'status_unreadable'],
  ['a folder in its place', () => folderAt(status), 'status_unreadable'],
  ['no status of a model that runs', () => rmSync(status), 'no_cycle_yet'],
])('%s is noticed', (_, harm, code) => {
  finishCycle()
  if (code === 'model_not_running') rmSync(lock)
  harm()
  expect(deciding().verdict()?.problems[0]).toMatchObject({ code })
})

test('a lock that cannot be read says nothing: then the age of the last cycle does', () => {
  finishCycle()
  folderAt(lock)
  expect(deciding().verdict()).toMatchObject({ state: 'deciding' })
  expect(deciding({ model_lock_file: '' }).verdict()).toMatchObject({ state: 'deciding' })
})

test('what the model wrote is read once, and again when it is another file', () => {
  finishCycle(1)
  const watched = deciding()
  const first = watched.status()
  expect(watched.status()).toBe(first)
  finishCycle(2)
  expect(watched.status()?.cycle.number).toBe(2)
  rmSync(status)
  expect(watched.status()).toBeUndefined()
  finishCycle(3)
  expect(watched.status()?.cycle.number).toBe(3)
})

test('nothing is looked at when nobody wants to know', () => {
  const unwatched = deciding({ model_status_file: '' })
  expect(unwatched.verdict()).toBeUndefined()
  expect(unwatched.status()).toBeUndefined()
})
