import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, loadConfig } from '@lxc-autoscale/core'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const folder = mkdtempSync(join(tmpdir(), 'read-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'a.yaml')
const schema = z.strictObject({ name: z.string().default('none'), size: z.int().default(1) })

function load(path: string) {
  return loadConfig(path, { schema }).config
}

function problemOf(path: string): string {
  try {
    load(path)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(folder, '')
    throw error
  }
  return 'none'
}

function written(content: string | Uint8Array): string {
  writeFileSync(file, content)
  return file
}

const utf16 = (text: string, isBig = false) => {
  const bytes = Buffer.from(text, 'utf16le')
  return isBig ? bytes.swap16() : bytes
}

describe('what is text is read', () => {
  test.each([
    ['nothing', ''],
    ['only comments', '# a\n\n# b'],
    ['null', '~\n'],
    ['an explicit document', '---\n...\n'],
  ])('%s gives every default', (_, text) => {
    expect(load(written(text))).toEqual({ name: 'none', size: 1 })
  })

  test.each([
    ['Windows', '\r\n'],
    ['old Macs', '\r'],
    ['Unix', '\n'],
  ])('with the line ends of %s', (_, end) => {
    expect(load(written(`name: Büro${end}size: 2${end}`))).toEqual({ name: 'Büro', size: 2 })
  })

  test('with a byte order mark, and behind a link', () => {
    const link = join(folder, 'link.yaml')
    written('\uFEFFname: a\n')
    symlinkSync(file, link)
    expect(load(link).name).toBe('a')
  })
})

describe('what is no text is refused with its line and what to do', () => {
  const text = '# config\nname: a\nsize: 2\n'
  test.each([
    [
      'UTF-16 with a mark',
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(text)]),
      '/a.yaml:1: is UTF-16 text: save it as UTF-8',
    ],
    [
      'big-endian UTF-16',
      Buffer.concat([Buffer.from([0xfe, 0xff]), utf16(text, true)]),
      '/a.yaml:1: is UTF-16 text: save it as UTF-8',
    ],
    ['UTF-16 without a mark', utf16(text), '/a.yaml:1: is UTF-16 text: save it as UTF-8'],
    ['big-endian UTF-16 without a mark', utf16(text, true), '/a.yaml:1: is UTF-16 text: save it as UTF-8'],
    [
      'Latin-1',
      Buffer.from('# ok\nname: Büro\n', 'latin1'),
      '/a.yaml:2: is not UTF-8 (byte 0xFC, in Latin-1 the letter ü): save the file as UTF-8',
    ],
    [
      'Latin-1 in a comment, after good UTF-8',
      Buffer.concat([Buffer.from('# ü €\n# '), Buffer.from([0xe4])]),
      '/a.yaml:2: is not UTF-8 (byte 0xE4, in Latin-1 the letter ä): save the file as UTF-8',
    ],
    [
      'a cut character',
      Buffer.from('name: €').subarray(0, -1),
      '/a.yaml:1: is not UTF-8 (byte 0xE2, in Latin-1 the letter â): save the file as UTF-8',
    ],
    ['a zero byte', 'name: a\nsize: 1\0\n', '/a.yaml:2: holds the control character U+0000: remove it'],
    [
      'a space that does not break, after a colon',
      'name:\u00a0a\n',
      '/a.yaml:1: holds a space of another kind (U+00A0): write a plain one',
    ],
    [
      'a space without width, in front',
      'name: a\n \u200bsize: 1\n',
      '/a.yaml:2: holds a space of another kind (U+200B): write a plain one',
    ],
    ['an escape', '# \x1b[2J\n', '/a.yaml:1: holds the control character U+001B: remove it'],
  ])('%s', (_, bytes, problem) => {
    expect(problemOf(written(bytes))).toBe(problem)
  })

  test('a file that is far too large is not read', () => {
    expect(problemOf(written('# '.padEnd(10_000_000, 'x')))).toMatch(
      /has 10000000 bytes; more than 1048576 are not read/,
    )
  })
})

describe('what is no file is refused and never waited for', () => {
  test('a folder', () => {
    mkdirSync(join(folder, 'folder.yaml'))
    expect(problemOf(join(folder, 'folder.yaml'))).toBe('/folder.yaml: is not a regular file')
  })

  test('a FIFO', () => {
    execFileSync('mkfifo', [join(folder, 'fifo.yaml')])
    expect(problemOf(join(folder, 'fifo.yaml'))).toBe('/fifo.yaml: is not a regular file')
  })

  test('a device', () => {
    expect(problemOf('/dev/zero')).toBe('/dev/zero: is not a regular file')
  })

  test('nothing at all, with where to get it', () => {
    expect(problemOf(join(folder, 'none.yaml'))).toMatch(
      /^\/none\.yaml: is not there: write one; an empty file gives every default/,
    )
  })
})
