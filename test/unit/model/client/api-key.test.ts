import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AutoscaleError, ConfigError } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { checkApiKey, readApiKey } from '../../../../packages/model/src/client/api-key.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

test('says what is wrong with a file that holds no key of the model, at the start and with each request', () => {
  const file = join(temporaryDirectory(), 'api.key')
  writeFileSync(file, 'anna:admin:annas-key-1\n')
  expect(() => readApiKey(file)).toThrow('write a line "model:scale:KEY"')
  expect(() => checkApiKey(file)).toThrow(ConfigError)
  writeFileSync(file, 'anna:admin:annas-key-1\nmodel:scale:models-key\n')
  expect(() => checkApiKey(file)).not.toThrow()
  expect(() => checkApiKey(tmpdir())).not.toThrow()
})

test('has no key when there is no file, and says nothing', () => {
  expect(readApiKey('/nowhere/api.key')).toBeUndefined()
  expect(readApiKey('')).toBeUndefined()
})

test('says what is wrong with a file that cannot be read', () => {
  expect(() => readApiKey(tmpdir())).toThrow(new AutoscaleError('UNAUTHORIZED', `${tmpdir()}: is not a regular file`))
})

test('waits for nobody to write a FIFO in the place of the file', () => {
  const file = join(temporaryDirectory(), 'api.key')
  execFileSync('mkfifo', [file])
  expect(() => readApiKey(file)).toThrow('is not a regular file')
})

test('sees a new key without a restart', () => {
  const directory = mkdtempSync(join(tmpdir(), 'key-'))
  const file = join(directory, 'api.key')
  writeFileSync(file, 'old-key\n')
  expect(readApiKey(file)).toBe('old-key')
  writeFileSync(file, 'new-key\n')
  expect(readApiKey(file)).toBe('new-key')
  rmSync(directory, { recursive: true })
})
