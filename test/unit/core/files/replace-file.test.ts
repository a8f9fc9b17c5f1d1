import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@lxc-autoscale/core'
import { afterEach, beforeEach, expect, test } from 'vitest'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'replace-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('replaces the content, sets the mode and leaves nothing beside the file', async () => {
  const path = join(directory, 'state.json')
  writeFileSync(path, 'a much longer old content')
  await replaceFile(path, 'new', 0o600)
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory)).toEqual(['state.json'])
})

test('leaves the old file and nothing else when it cannot be replaced', async () => {
  await expect(replaceFile(join(directory, 'missing', 'state.json'), 'new')).rejects.toThrow('ENOENT')
  expect(readdirSync(directory)).toEqual([])
})
