import { lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createLogger } from '../../packages/core/src/log.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

test('a log behind a link is rotated where it stands, and the link stays', async () => {
  const folder = temporaryDirectory()
  mkdirSync(join(folder, 'own'))
  symlinkSync('own/daemon.log', join(folder, 'daemon.log'))
  const file = join(folder, 'daemon.log')
  const log = createLogger('daemon', { level: 'INFO', file, maxBytes: 1_024, backupCount: 2 })
  for (let line = 0; line < 40; line++) log.info({ line }, 'a line that fills the log')
  await vi.waitFor(() =>
    expect(readdirSync(join(folder, 'own'))).toEqual(['daemon.log', 'daemon.log.1', 'daemon.log.2']),
  )
  expect(readdirSync(folder)).toEqual(['daemon.log', 'own'])
  expect(lstatSync(file).isSymbolicLink()).toBe(true)
})
