import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { behindLinks } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

test('a link leads to its file, whether that is there yet or not', () => {
  const folder = temporaryDirectory()
  mkdirSync(join(folder, 'own'))
  symlinkSync('own/daemon.log', join(folder, 'daemon.log'))
  symlinkSync('daemon.log', join(folder, 'older.log'))
  expect(behindLinks(join(folder, 'older.log'))).toBe(join(folder, 'own', 'daemon.log'))
  writeFileSync(join(folder, 'own', 'daemon.log'), '')
  expect(behindLinks(join(folder, 'older.log'))).toBe(join(folder, 'own', 'daemon.log'))
})

test.each(['plain.log', 'missing.log', 'circle.log', 'plain.log/inside'])('%s stays what it is', name => {
  const folder = temporaryDirectory()
  writeFileSync(join(folder, 'plain.log'), '')
  symlinkSync('circle.log', join(folder, 'circle.log'))
  expect(behindLinks(join(folder, name))).toBe(join(folder, name))
})
