import { closeSync, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readFirstLine, readLimit, writeKernelFile } from '../../../../packages/simulator/src/kernel/kernel-file.ts'
import { scratchDirectory } from '../pretend-host.ts'

test('a reader that keeps the file open sees each new text, longer or shorter', () => {
  const path = `${scratchDirectory()}/memory.max`
  writeFileSync(path, '1\n')
  const descriptor = openSync(path, 'r')
  const inode = statSync(path).ino
  const read = () => {
    const buffer = Buffer.alloc(64)
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, 64, 0))
  }
  for (const text of ['536870912\n', 'max\n', '1073741824\n', '0\n', '']) {
    expect(writeKernelFile(path, text)).toBe(true)
    expect(read()).toBe(text)
  }
  expect(statSync(path).ino).toBe(inode)
  closeSync(descriptor)
})

test('a file that is gone is not made again', () => {
  expect(writeKernelFile(`${scratchDirectory()}/memory.max`, '1\n')).toBe(false)
})

test('a limit cut off by a kill is still read right', () => {
  const path = `${scratchDirectory()}/memory.max`
  writeFileSync(path, '16777216\n4\n')
  expect(readFirstLine(path)).toBe('16777216')
  expect(readLimit(path)).toBe(16_777_216)
})

test.each([
  ['max\n', Number.POSITIVE_INFINITY],
  ['', undefined],
  ['nonsense\n', undefined],
])('the limit %j is %s', (text, limit) => {
  const path = `${scratchDirectory()}/memory.max`
  writeFileSync(path, text)
  expect(readLimit(path)).toBe(limit)
})
