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

test('writes content in parts, each when it is made', async () => {
  const path = join(directory, 'state.jsonl')
  function* lines() {
    for (let line = 1; line <= 1_000; line++) yield `line ${line}\n`
  }
  await replaceFile(path, lines())
  expect(readFileSync(path, 'utf8')).toBe([...lines()].join(''))
})

test('leaves the old file when a part cannot be made', async () => {
  const path = join(directory, 'state.jsonl')
  writeFileSync(path, 'old')
  function* broken() {
    yield 'new'
    throw new Error('cannot be made')
  }
  await expect(replaceFile(path, broken())).rejects.toThrow('cannot be made')
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(directory)).toEqual(['state.jsonl'])
})
