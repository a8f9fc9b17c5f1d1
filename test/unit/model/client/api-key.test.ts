import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { firstPlainKey, readApiKey } from '../../../../packages/model/src/client/api-key.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

test.each([
  ['only-key-here\n', 'only-key-here'],
  ['# made at install\n\n  spaced-key  \nsecond-key\n', 'spaced-key'],
  ['ci:read:abcdefgh\nsha256:00ff\n$scrypt$ln=15,r=8,p=1$aa$bb\nplain-key-1\n', 'plain-key-1'],
  ['ci:admin:abcdefgh\n', undefined],
  ['key:with:colons\n', 'key:with:colons'],
  ['', undefined],
])('takes from %j the key %j', (text, key) => {
  expect(firstPlainKey(text)).toBe(key)
})

test('has no key when there is no file, and says nothing', () => {
  const problems: string[] = []
  expect(readApiKey('/nowhere/api.key', problem => problems.push(problem))).toBeUndefined()
  expect(readApiKey('', problem => problems.push(problem))).toBeUndefined()
  expect(problems).toEqual([])
})

test('says what is wrong with a file that cannot be read', () => {
  const problems: string[] = []
  expect(readApiKey(tmpdir(), problem => problems.push(problem))).toBeUndefined()
  expect(problems).toEqual([`${tmpdir()}: is not a regular file`])
})

test('waits for nobody to write a FIFO in the place of the file', () => {
  const file = join(temporaryDirectory(), 'api.key')
  execFileSync('mkfifo', [file])
  const problems: string[] = []
  expect(readApiKey(file, problem => problems.push(problem))).toBeUndefined()
  expect(problems).toEqual([`${file}: is not a regular file`])
})

test('sees a new key without a restart', () => {
  const directory = mkdtempSync(join(tmpdir(), 'key-'))
  const file = join(directory, 'api.key')
  writeFileSync(file, 'old-key\n')
  expect(readApiKey(file, () => undefined)).toBe('old-key')
  writeFileSync(file, 'new-key\n')
  expect(readApiKey(file, () => undefined)).toBe('new-key')
  rmSync(directory, { recursive: true })
})
