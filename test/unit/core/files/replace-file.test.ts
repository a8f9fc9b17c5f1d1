import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBeside, removeTemporaries, replaceFile, replacePassingFile } from '@lxc-autoscale/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { recordFileCalls } from '../../../fakes/recorded-file-calls.ts'

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

test('what passes is replaced as a whole too, and not waited for', async () => {
  const path = join(directory, 'status.json')
  writeFileSync(path, 'a much longer old content')
  const calls = await recordFileCalls()
  await replacePassingFile(path, 'new')
  expect(calls.map(({ call }) => call)).toEqual(['write', 'rename'])
  expect([readFileSync(path, 'utf8'), readdirSync(directory)]).toEqual(['new', ['status.json']])
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

test('the name of the file beside it is another one each time', async () => {
  const path = join(directory, 'state.json')
  const made = [await openBeside(path, 0o600), await openBeside(path, 0o600)]
  for (const { handle } of made) await handle.close()
  expect(new Set(made.map(({ aside }) => aside)).size).toBe(2)
  for (const { aside } of made) expect(aside).toMatch(/state\.json\.[0-9a-f]{16}\.tmp$/)
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

test('the new content is on the disk before it has the name, and the name before the call is over', async () => {
  const path = join(directory, 'state.json')
  const calls = await recordFileCalls()
  await replaceFile(path, ['one\n', 'two\n'])
  const [content, folder] = [statSync(path).ino, statSync(directory).ino]
  expect(calls).toEqual([
    { call: 'write', inode: content },
    { call: 'write', inode: content },
    { call: 'sync', inode: content },
    { call: 'rename', inode: content },
    { call: 'sync', inode: folder },
  ])
})

test('writes nothing through a link, neither one in its place nor one beside it', async () => {
  const [path, other] = [join(directory, 'state.json'), join(directory, 'other.json')]
  writeFileSync(other, 'of somebody else')
  symlinkSync(other, path)
  // The names that could be foreseen.
  for (const name of [`${path}.tmp`, `${path}.new`, `${path}.${process.pid}.tmp`]) symlinkSync(other, name)
  await replaceFile(path, 'new')
  expect(readFileSync(other, 'utf8')).toBe('of somebody else')
  expect(lstatSync(path).isFile()).toBe(true)
  expect(readFileSync(path, 'utf8')).toBe('new')
})

test('a folder in the place of the file is said, left alone, and replaced by nothing', async () => {
  const path = join(directory, 'state.json')
  mkdirSync(path)
  await expect(replaceFile(path, 'new')).rejects.toMatchObject({ code: 'EISDIR' })
  expect(readdirSync(directory)).toEqual(['state.json'])
})

test('temporary files that a kill left behind are removed, of the named files and no others', async () => {
  const left = ['state.json.0123456789abcdef.tmp', 'state.json.4711.tmp']
  const others = ['else.json.0123456789abcdef.tmp', 'state.json', 'state.json.old.tmp', 'state.json.0a.tmp.bak']
  for (const name of [...left, ...others]) writeFileSync(join(directory, name), '')
  mkdirSync(join(directory, 'state.json.00.tmp'))
  await removeTemporaries(directory, name => name === 'state.json')
  expect(readdirSync(directory).sort()).toEqual([...others, 'state.json.00.tmp'].sort())
  await removeTemporaries(join(directory, 'missing'), () => true)
})
