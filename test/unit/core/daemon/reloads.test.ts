import { ConfigError } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { Reloads } from '../../../../packages/core/src/daemon/reloads.ts'

function reloadsWith(reload: () => number) {
  const messages: unknown[] = []
  const note = (fields: unknown, message?: string) => void messages.push(message ?? fields)
  const log = { info: note, warn: note, error: note, fatal: note, debug: note }
  const notify = {
    ready: () => undefined,
    reloading: () => undefined,
    stopping: () => undefined,
    watchdog: () => undefined,
  }
  const reloads = new Reloads<number>({ log: log as never, notify: notify as never, reload })
  const applied: number[] = []
  return { reloads, applied, messages }
}

const REFUSED = 'new configuration refused; the old one stays in force'

test.each([
  ['a configuration that is refused', new ConfigError([{ file: 'a', line: 1, key: 'b', message: 'c' }])],
  ['a bug in what reads it', new TypeError('x is not a function')],
])('%s leaves the old one in force, and the next good one is taken', (_, error) => {
  let next: () => number = () => {
    throw error
  }
  const { reloads, applied, messages } = reloadsWith(() => next())
  reloads.onReload(config => void applied.push(config))
  reloads.reload()
  expect({ applied, messages }).toEqual({ applied: [], messages: [REFUSED] })
  next = () => 2
  reloads.reload()
  expect(applied).toEqual([2])
})

test('a bug in what takes a configuration ends nothing', () => {
  const { reloads, messages } = reloadsWith(() => 1)
  reloads.onReload(() => {
    throw new RangeError('a bug')
  })
  reloads.reload()
  expect(messages).toEqual([REFUSED])
})
