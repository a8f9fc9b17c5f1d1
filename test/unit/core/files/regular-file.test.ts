import { execFileSync } from 'node:child_process'
import { appendFileSync, constants, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRegularFile, readRegularFile } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { openRegularFileSync } from '../../../../packages/core/src/files/regular-file.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const MANY = 1_000_000

/** What else may stand where a file is looked for. */
const OTHERS: readonly (readonly [name: string, make: (path: string) => void])[] = [
  ['a folder', path => mkdirSync(path)],
  ['a FIFO', path => void execFileSync('mkfifo', [path])],
  ['an endless device', path => symlinkSync('/dev/zero', path)],
  ['a device without end of file', path => symlinkSync('/dev/full', path)],
  ['a link to itself', path => symlinkSync(path, path)],
]

test('reads the whole text of a regular file, also through a link', () => {
  const path = join(temporaryDirectory(), 'file')
  writeFileSync(path, 'wörds\n'.repeat(1_000))
  symlinkSync(path, `${path}.link`)
  expect(readRegularFile(path, MANY)).toBe('wörds\n'.repeat(1_000))
  expect(readRegularFile(`${path}.link`, MANY)).toBe('wörds\n'.repeat(1_000))
  writeFileSync(path, '')
  expect(readRegularFile(path, MANY)).toBe('')
})

test('says with the code of the system that there is no file', () => {
  expect(() => readRegularFile(join(temporaryDirectory(), 'none'), MANY)).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  )
})

test('does not read a file of more bytes than it may', () => {
  const path = join(temporaryDirectory(), 'file')
  writeFileSync(path, '12345678')
  expect(readRegularFile(path, 8)).toBe('12345678')
  appendFileSync(path, '9')
  expect(() => readRegularFile(path, 8)).toThrow(`${path}: has 9 bytes; more than 8 are not read`)
})

test.each(OTHERS)(
  'refuses %s at once, whether it is to be read or written, and leaves nothing open',
  async (_, make) => {
    const path = join(temporaryDirectory(), 'file')
    make(path)
    const open = readdirSync('/proc/self/fd').length
    const refusal = { code: 'STATE_INVALID', message: `${path}: is not a regular file` }
    expect(() => readRegularFile(path, MANY)).toThrow(expect.objectContaining(refusal))
    for (const flags of [constants.O_RDONLY, constants.O_WRONLY, constants.O_RDWR]) {
      await expect(openRegularFile(path, { flags })).rejects.toMatchObject(refusal)
      expect(() => openRegularFileSync(path, flags)).toThrow(expect.objectContaining(refusal))
    }
    expect(readdirSync('/proc/self/fd').length).toBe(open)
  },
)

test('does not follow a link when it is told so', async () => {
  const path = join(temporaryDirectory(), 'file')
  writeFileSync(path, 'content')
  symlinkSync(path, `${path}.link`)
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  await expect(openRegularFile(`${path}.link`, { flags })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  expect(() => openRegularFileSync(`${path}.link`, flags)).toThrow('is not a regular file')
})

test('makes a file that is not there, and only then, when it is told so', async () => {
  const path = join(temporaryDirectory(), 'file')
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
  await (await openRegularFile(path, { flags, mode: 0o600 })).close()
  await expect(openRegularFile(path, { flags, mode: 0o600 })).rejects.toMatchObject({ code: 'EEXIST' })
})
