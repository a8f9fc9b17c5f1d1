import { expect, test } from 'vitest'
import type { ConfValues, ContainerConf } from '../../../../packages/simulator/src/host/conf-text.ts'
import { addPending, applyPending, mergedValues } from '../../../../packages/simulator/src/pct/pending.ts'

function conf(live: ConfValues, pending: ConfValues = {}): ContainerConf {
  return { live: { values: live, lxc: [] }, pending, snapshots: {} }
}
const none = { values: {}, remove: [], revert: [] }

test('a value that is in force already is no change', () => {
  expect(addPending(conf({ cores: '2' }), { ...none, values: { cores: '2', memory: '512' } }).pending).toEqual({
    memory: '512',
  })
})

test('a deletion is noted by name, and taken back by a new value or a revert', () => {
  const noted = addPending(conf({ swap: '1', onboot: '1' }), { ...none, remove: ['swap', 'onboot'] })
  expect(noted.pending).toEqual({ delete: 'onboot,swap' })
  expect(addPending(noted, { ...none, values: { swap: '2' } }).pending).toEqual({ delete: 'onboot', swap: '2' })
  expect(addPending(noted, { ...none, revert: ['onboot'] }).pending).toEqual({ delete: 'swap' })
})

test('a revert drops a waiting value', () => {
  expect(addPending(conf({ arch: 'amd64' }, { arch: 'arm64' }), { ...none, revert: ['arch'] }).pending).toEqual({})
})

test('what is pending is shown as if it were in force, and is after a start', () => {
  const waiting = conf({ arch: 'amd64', onboot: '1' }, { arch: 'arm64', delete: '!onboot' })
  expect(mergedValues(waiting)).toEqual({ arch: 'arm64' })
  expect(applyPending(waiting)).toEqual(conf({ arch: 'arm64' }))
})
