import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type FileCalls, HostFiles, LIST, OPTIONAL } from '../../../packages/host/src/host-files.ts'
import type { KernelText } from '../../../packages/host/src/kernel-text.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const asText = ({ bytes, length }: KernelText) => Buffer.from(bytes.subarray(0, length)).toString('latin1')
const asNumber = (text: KernelText) => (/^\d+\n$/.test(asText(text)) ? Number(asText(text)) : undefined)

/** Calls on one file that gives `pieces`, one per read, or fails with a code. */
function scriptedCalls(
  pieces: readonly (string | { code: string })[],
): FileCalls & { open: () => number; closed: number } {
  const left = [...pieces]
  const calls = {
    closed: 0,
    open: () => 7,
    read(_fd: number, buffer: Uint8Array, offset: number) {
      const piece = left.shift() ?? ''
      if (typeof piece !== 'string') throw Object.assign(new Error(piece.code), { code: piece.code })
      buffer.set(Buffer.from(piece, 'latin1'), offset)
      return piece.length
    },
    close() {
      calls.closed++
    },
  }
  return calls
}

describe('a kept file', () => {
  test('is read again in place', () => {
    const folder = temporaryDirectory()
    writeFileSync(join(folder, 'memory.current'), '12345\n')
    const files = new HostFiles()
    const file = files.file(folder, 'memory.current')
    expect(file.read(asNumber)).toBe(12_345)
    writeFileSync(join(folder, 'memory.current'), '6\n')
    expect(file.read(asNumber)).toBe(6)
    expect(files.openFiles).toBe(1)
    file.close()
    expect(files.openFiles).toBe(0)
  })

  test('that is missing is counted, and found when it appears', () => {
    const folder = temporaryDirectory()
    const files = new HostFiles()
    const file = files.file(folder, 'cpu.stat')
    expect(file.read(asText)).toBeUndefined()
    expect(files.failures).toBe(1)
    expect(files.failuresBy('unreadable').last).toEqual({
      path: join(folder, 'cpu.stat'),
      reason: 'unreadable',
      code: 'ENOENT',
    })
    writeFileSync(join(folder, 'cpu.stat'), 'x\n')
    expect(file.read(asText)).toBe('x\n')
  })

  test('that may be missing is not counted and not looked for again', () => {
    const folder = temporaryDirectory()
    const files = new HostFiles()
    const file = files.file(folder, 'cpu.pressure', OPTIONAL)
    expect(file.read(asText)).toBeUndefined()
    writeFileSync(join(folder, 'cpu.pressure'), 'x\n')
    expect(file.read(asText)).toBeUndefined()
    expect(file.absence).toBe('gone')
    expect(files.failures).toBe(0)
  })

  test('whose content makes no sense is counted and gives nothing', () => {
    const folder = temporaryDirectory()
    writeFileSync(join(folder, 'memory.current'), 'rubbish\n')
    const files = new HostFiles()
    expect(files.file(folder, 'memory.current').read(asNumber)).toBeUndefined()
    expect(files.failuresBy('malformed').count).toBe(1)
  })

  test('of a removed cgroup is let go of', () => {
    const calls = scriptedCalls(['5\n', { code: 'ENODEV' }])
    const files = new HostFiles(Number.POSITIVE_INFINITY, calls)
    const file = files.file('/sys', 'memory.current')
    expect(file.read(asNumber)).toBe(5)
    expect(file.read(asNumber)).toBeUndefined()
    expect(files.failuresBy('unreadable').last?.code).toBe('ENODEV')
    expect(calls.closed).toBe(1)
    expect(files.openFiles).toBe(0)
  })

  test('of a kernel without pressure stall information is no failure', () => {
    const files = new HostFiles(Number.POSITIVE_INFINITY, scriptedCalls([{ code: 'EOPNOTSUPP' }]))
    expect(files.file('/sys', 'cpu.pressure', OPTIONAL).read(asText)).toBeUndefined()
    expect(files.failures).toBe(0)
  })

  test('larger than the buffer is read whole', () => {
    const folder = temporaryDirectory()
    const text = `${'0123456789'.repeat(30_000)}\n`
    writeFileSync(join(folder, 'long'), text)
    const files = new HostFiles()
    expect(files.file(folder, 'long').read(asText)).toBe(text)
    expect(files.file(folder, 'long', LIST).read(asText)).toBe(text)
  })

  test('with a list is read piece by piece, as the kernel gives it page by page', () => {
    const page = '123456\n'.repeat(580)
    const files = new HostFiles(Number.POSITIVE_INFINITY, scriptedCalls([page, page, '7\n', 'never read\n']))
    expect(files.file('/sys', 'cgroup.procs', LIST).read(asText)).toBe(`${page}${page}7\n`)
  })

  test('beyond the limit is opened for each read', () => {
    const folder = temporaryDirectory()
    for (const name of ['a', 'b']) writeFileSync(join(folder, name), `${name}\n`)
    const files = new HostFiles(1)
    const [a, b] = ['a', 'b'].map(name => files.file(folder, name))
    expect([a?.read(asText), b?.read(asText), b?.read(asText)]).toEqual(['a\n', 'b\n', 'b\n'])
    expect(files.openFiles).toBe(1)
  })

  test('lets a bug pass', () => {
    const folder = temporaryDirectory()
    mkdirSync(join(folder, 'x'))
    writeFileSync(join(folder, 'x', 'y'), 'z\n')
    const broken = () => {
      throw new TypeError('bug')
    }
    expect(() => new HostFiles().file(join(folder, 'x'), 'y').read(broken)).toThrow('bug')
  })
})

test('a file that is read once is not kept', () => {
  const folder = temporaryDirectory()
  writeFileSync(join(folder, 'dev'), 'x\n')
  const files = new HostFiles()
  expect(files.readOnce(join(folder, 'dev'), asText)).toBe('x\n')
  expect(files.openFiles).toBe(0)
})

test('a value above the most that can be true is counted and not known', () => {
  const files = new HostFiles()
  const file = files.file('/sys', 'memory.current')
  expect([files.within(5, 5, file), files.within(undefined, 5, file), files.within(6, 5, file)]).toEqual([
    5,
    undefined,
    undefined,
  ])
  expect(files.failures).toBe(1)
  expect(files.failuresBy('implausible').last).toEqual({
    path: '/sys/memory.current',
    reason: 'implausible',
    value: 6,
    most: 5,
  })
})

describe('the text of a file', () => {
  test('is whole, however little a read gives and however long it is', () => {
    const files = new HostFiles(0, scriptedCalls(['[\n', 'x'.repeat(40_000), 'y'.repeat(25_534), ']\n']))
    expect(files.readText('/etc/pve/.members')).toHaveLength(65_538)
  })

  test('is read as UTF-8', () => {
    const folder = temporaryDirectory()
    writeFileSync(join(folder, '101.conf'), '#zweite Zeile: ä€\n')
    expect(new HostFiles().readText(join(folder, '101.conf'))).toBe('#zweite Zeile: ä€\n')
  })

  test('is none where there is no such file', () => {
    const folder = temporaryDirectory()
    writeFileSync(join(folder, 'file'), '')
    const files = new HostFiles()
    for (const path of ['nothing', 'file/below']) expect(files.readText(join(folder, path))).toBeUndefined()
    expect(files.list(join(folder, 'nothing'))).toBeUndefined()
    expect(files.inode(join(folder, 'nothing'))).toBeUndefined()
  })

  test('is an error where there is one that cannot be read', () => {
    const files = new HostFiles(0, scriptedCalls([{ code: 'EIO' }]))
    expect(() => files.readText('/etc/pve/.members')).toThrow(
      expect.objectContaining({ code: 'HOST_UNREADABLE', message: '/etc/pve/.members: EIO' }),
    )
  })
})
