import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeConfig } from '../../packages/cli/src/write-config.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

test('the old file is kept beside the new one, and owner, group and mode stay', async () => {
  const file = join(temporaryDirectory(), 'lxc_autoscale_ml.yaml')
  writeFileSync(file, 'old\n')
  chmodSync(file, 0o604)
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(file, 1_234, 5_678)
  const before = statSync(file)
  await writeConfig(file, 'new\n')
  expect(readFileSync(file, 'utf8')).toBe('new\n')
  expect(readFileSync(`${file}.old`, 'utf8')).toBe('old\n')
  for (const path of [file, `${file}.old`]) {
    const { uid, gid, mode } = statSync(path)
    expect({ uid, gid, mode }).toEqual({ uid: before.uid, gid: before.gid, mode: before.mode })
  }
})

test('a file that was not there has no old one', async () => {
  const file = join(temporaryDirectory(), 'lxc_monitor.yaml')
  await writeConfig(file, 'new\n')
  expect(readFileSync(file, 'utf8')).toBe('new\n')
  expect(existsSync(`${file}.old`)).toBe(false)
})
