import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { MS_PER_HOUR } from '@lxc-autoscale/core'
import { expect, onTestFinished, test } from 'vitest'
import { IdempotencyStore, type IdempotencyStoreOptions } from '../../../../packages/api/src/audit/idempotency-store.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

async function open(options: IdempotencyStoreOptions): Promise<IdempotencyStore> {
  const store = await IdempotencyStore.open(options)
  onTestFinished(() => store.close())
  return store
}

const answer = { key: 'model k1', request: 'r', status: 200, body: { status: 'success' } }

test('gives an answer again after a restart', async () => {
  const options = { directory: temporaryDirectory(), clock: new FakeClock(), keptHours: 24 }
  await (await open(options)).put(answer)
  const reopened = await open(options)
  expect(reopened.get('model k1')).toMatchObject(answer)
  expect(reopened.get('model k2')).toBeUndefined()
})

test('forgets an answer when its time is over', async () => {
  const clock = new FakeClock()
  const options = { directory: temporaryDirectory(), clock, keptHours: 2 }
  const store = await open(options)
  await store.put(answer)
  await clock.advance(3 * MS_PER_HOUR)
  expect(store.get('model k1')).toBeUndefined()
  expect((await open(options)).get('model k1')).toBeUndefined()
})

test('reads on after a line that a power loss tore', async () => {
  const options = { directory: temporaryDirectory(), clock: new FakeClock(), keptHours: 24 }
  const store = await open(options)
  await store.put(answer)
  appendFileSync(join(options.directory, 'answers.jsonl'), '{"key":"to')
  expect((await open(options)).get('model k1')).toMatchObject(answer)
})
