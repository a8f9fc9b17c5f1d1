import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatCycle } from '@lxc-autoscale/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MetricsFileSource } from '../../../../packages/core/src/metrics/metrics-file-source.ts'
import { sample, summary } from '../../../builders/snapshot.ts'

const START_MS = Date.UTC(2026, 0, 5)
let directory = ''
let path = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'metrics-source-'))
  path = join(directory, 'lxc_metrics.json')
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function line(cycle: number): string {
  const timestampMs = START_MS + cycle * 10_000
  return formatCycle({
    containers: new Map([[101, sample({ timestampMs })]]),
    summary: summary({ collectionStartMs: timestampMs, collectionEndMs: timestampMs + 20 }),
  })
}

function file(from: number, to: number): string {
  return `[\n${Array.from({ length: to - from + 1 }, (_, i) => line(from + i)).join(',\n')}\n]\n`
}

/** As the monitor appends: over the closing bracket. */
function append(text: string): void {
  truncateSync(path, fileSize() - '\n]\n'.length)
  appendFileSync(path, text)
}

function fileSize(): number {
  return Buffer.byteLength(lastWritten())
}

let written = ''
function lastWritten(): string {
  return written
}

function write(text: string): void {
  written = text
  writeFileSync(path, text)
}

function appendCycle(cycle: number): void {
  const text = `,\n${line(cycle)}\n]\n`
  append(text)
  written = written.slice(0, -'\n]\n'.length) + text
}

function replace(text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
  written = text
}

async function follow(source: MetricsFileSource) {
  const cycles: number[] = []
  const outcome = await source.follow(({ containers }) => {
    cycles.push(((containers.get(101)?.timestampMs ?? 0) - START_MS) / 10_000)
  })
  return { ...outcome, cycles }
}

describe('MetricsFileSource', () => {
  test.each([
    ['as it was', () => undefined],
    ['compacted meanwhile', () => replace(file(20, 62))],
    ['with new elements at its end', () => appendCycle(63)],
  ])('goes on in another process a little before where this one ended, in a file %s', async (_, change) => {
    const source = new MetricsFileSource({ path })
    write(file(0, 10))
    await follow(source)
    expect(source.earlierPlace).toBeUndefined()
    for (let cycle = 11; cycle < 63; cycle++) appendCycle(cycle)
    await follow(source)
    change()
    const { cycles } = await follow(new MetricsFileSource({ path, place: source.earlierPlace }))
    expect(cycles.slice(0, 19)).toEqual(Array.from({ length: 19 }, (__, i) => 44 + i))
  })

  test('begins at the beginning when what the other process has read is gone', async () => {
    const source = new MetricsFileSource({ path })
    write(file(0, 30))
    await follow(source)
    write(file(40, 45))
    const { cycles } = await follow(new MetricsFileSource({ path, place: source.earlierPlace }))
    expect(cycles).toEqual([40, 41, 42, 43, 44, 45])
  })

  test('waits for a file that is not there yet', async () => {
    const source = new MetricsFileSource({ path })
    expect(await follow(source)).toMatchObject({ kind: 'missing', cycles: [] })
    write(file(1, 2))
    expect(await follow(source)).toMatchObject({ kind: 'appended', cycles: [1, 2] })
  })

  test('reads only what was appended since the last look', async () => {
    const source = new MetricsFileSource({ path })
    write(file(1, 50))
    await follow(source)
    appendCycle(51)
    const outcome = await follow(source)
    expect(outcome).toMatchObject({ kind: 'appended', cycles: [51] })
    expect(outcome.bytes).toBeLessThan(2 * line(51).length)
    expect(await follow(source)).toMatchObject({ kind: 'unchanged', cycles: [], bytes: 0 })
  })

  test('goes on where it was in a compacted file', async () => {
    const source = new MetricsFileSource({ path, chunkBytes: 512 })
    write(file(1, 50))
    await follow(source)
    replace(file(30, 52))
    expect(await follow(source)).toMatchObject({ kind: 'rewritten', cycles: [51, 52] })
    appendCycle(53)
    expect(await follow(source)).toMatchObject({ kind: 'appended', cycles: [53] })
  })

  test('goes on also when only the element read last was kept', async () => {
    const source = new MetricsFileSource({ path })
    write(file(1, 50))
    await follow(source)
    replace(file(50, 51))
    expect(await follow(source)).toMatchObject({ kind: 'rewritten', cycles: [51] })
  })

  test('reads a file anew that has nothing of what it knows', async () => {
    const source = new MetricsFileSource({ path })
    write(file(1, 50))
    await follow(source)
    replace(file(100, 102))
    expect(await follow(source)).toMatchObject({ kind: 'rewritten', cycles: [100, 101, 102] })
  })

  test('notices a file that was cut short, and one that was written over in place', async () => {
    const source = new MetricsFileSource({ path })
    write(file(1, 50))
    await follow(source)
    write(file(60, 61))
    expect(await follow(source)).toMatchObject({ kind: 'truncated', cycles: [60, 61] })
    write(file(70, 90))
    expect(await follow(source)).toMatchObject({
      kind: 'rewritten',
      cycles: Array.from({ length: 21 }, (_, i) => 70 + i),
    })
  })

  test('waits for the rest of a cycle that is being written, and for a torn one until it is repaired', async () => {
    const source = new MetricsFileSource({ path })
    write(file(1, 2))
    await follow(source)
    append(`,\n${line(3).slice(0, 100)}`)
    expect(await follow(source)).toMatchObject({ cycles: [], badLines: 0 })
    write(file(1, 4))
    expect(await follow(source)).toMatchObject({ kind: 'appended', cycles: [3, 4], badLines: 0 })
  })

  test('skips bad lines, and counts each of them once', async () => {
    const source = new MetricsFileSource({ path })
    write(`[\n${line(1)},\nnonsense\n${line(2)},\n{"101":{"timestamp\n${line(3)}\n]\n`)
    expect(await follow(source)).toMatchObject({ cycles: [1, 2, 3], badLines: 2 })
    appendCycle(4)
    expect(await follow(source)).toMatchObject({ cycles: [4], badLines: 0 })
  })

  test.each([4, 0])("reads the predecessor's file: one array, indented by %i", async indent => {
    const source = new MetricsFileSource({ path, chunkBytes: 256 })
    const entry = (cycle: number) => ({
      '101': {
        timestamp: new Date(START_MS + cycle * 10_000).toISOString(),
        cpu_usage_percent: 3.2,
        memory_usage_mb: 120.5,
        io_stats: { reads: 5, writes: 6 },
      },
      summary: { total_containers: 1 },
    })
    write(JSON.stringify([1, 2, 3].map(entry), undefined, indent))
    expect(await follow(source)).toMatchObject({ cycles: [1, 2, 3], badLines: 0 })
    replace(JSON.stringify([2, 3, 4].map(entry), undefined, indent))
    expect(await follow(source)).toMatchObject({ kind: 'rewritten', cycles: [4] })
  })

  test('reads the same whatever the size of its chunks', async () => {
    write(file(1, 20))
    for (const chunkBytes of [64, 1_000, 4_096]) {
      const { cycles } = await follow(new MetricsFileSource({ path, chunkBytes }))
      expect(cycles).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    }
  })

  test('says which file it cannot read', async () => {
    const source = new MetricsFileSource({ path: directory })
    await expect(follow(source)).rejects.toMatchObject({
      code: 'HOST_UNREADABLE',
      message: expect.stringContaining(directory),
    })
  })
})

describe('what is no regular file', () => {
  const OTHERS: readonly (readonly [string, () => unknown])[] = [
    ['an endless device', () => symlinkSync('/dev/zero', path)],
    ['a FIFO that nobody writes', () => execFileSync('mkfifo', [path])],
    ['a folder', () => mkdirSync(path)],
    ['a link to itself', () => symlinkSync(path, path)],
  ]

  test.each(OTHERS)('is refused when it is %s, and read when it has become one', async (_, make) => {
    const source = new MetricsFileSource({ path })
    write(file(1, 2))
    expect(await source.follow(() => undefined)).toMatchObject({ cycles: 2 })
    rmSync(path)
    make()
    const open = readdirSync('/proc/self/fd').length
    for (let look = 0; look < 2; look++) {
      const refused = { code: 'HOST_UNREADABLE', message: expect.stringContaining('is not a regular file') }
      await expect(source.follow(() => undefined)).rejects.toMatchObject(refused)
    }
    expect(readdirSync('/proc/self/fd').length).toBe(open)
    rmSync(path, { recursive: true })
    write(file(1, 4))
    expect(await source.follow(() => undefined)).toMatchObject({ cycles: 2 })
  })

  test('is refused when it is a socket', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(path, resolve))
    const source = new MetricsFileSource({ path })
    await expect(source.follow(() => undefined)).rejects.toMatchObject({ code: 'HOST_UNREADABLE' })
    await new Promise(resolve => server.close(resolve))
  })

  test('is not what a link to a regular file is, as the package lays one', async () => {
    writeFileSync(`${path}.real`, file(1, 2))
    symlinkSync(`${path}.real`, path)
    expect(await new MetricsFileSource({ path }).follow(() => undefined)).toMatchObject({ cycles: 2 })
  })
})

describe('a file of which there is too much', () => {
  test('is read a bounded part at a time, each cycle once', async () => {
    write(file(1, 40))
    const source = new MetricsFileSource({ path, chunkBytes: 1_000, maxBytes: 10_000 })
    const looks: number[] = []
    for (let look = 0; look < 20; look++) {
      const { cycles, bytes } = await source.follow(() => undefined)
      expect(bytes).toBeLessThanOrEqual(11_000)
      looks.push(cycles)
    }
    expect(looks.reduce((sum, cycles) => sum + cycles, 0)).toBe(40)
    expect(looks.filter(cycles => cycles > 0).length).toBeGreaterThan(2)
    expect(await source.follow(() => undefined)).toMatchObject({ kind: 'unchanged', bytes: 0 })
  })

  test('that is nothing but a hole costs no more, and is left for the good one', async () => {
    writeFileSync(path, '')
    truncateSync(path, 1_000_000_000_000)
    const source = new MetricsFileSource({ path, chunkBytes: 1_000, maxBytes: 10_000 })
    for (let look = 0; look < 3; look++) {
      expect((await source.follow(() => undefined)).bytes).toBeLessThanOrEqual(20_000)
    }
    replace(file(1, 2))
    expect(await source.follow(() => undefined)).toMatchObject({ cycles: 2 })
  })

  test('is left at once when the daemon is to stop, and gone on with from there', async () => {
    write(file(1, 40))
    const source = new MetricsFileSource({ path, chunkBytes: 2_000 })
    const stop = new AbortController()
    const { cycles } = await source.follow(() => stop.abort(), stop.signal)
    expect(cycles).toBeLessThan(10)
    expect(await source.follow(() => undefined)).toMatchObject({ cycles: 40 - cycles })
  })
})
