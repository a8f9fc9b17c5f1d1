import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutoscaleError } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { HostFiles } from '../../../../packages/host/src/host-files.ts'
import { type PastContent, pastContents, pastOf } from '../../../../packages/host/src/rrd/read-past.ts'

/*
 * Written by rrdtool 1.7.2 with the sources of Proxmox and few rows: up to minute 60 the older format (10 rows of a minute, 3 of half an
 * hour), then the newer one (6 and 4). Half a core of two is used and 256 MB, all of one core more in minute 31; after the upgrade a
 * quarter and 300 MB, and in the last two minutes it is stopped.
 */
const ROOT = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'rrd')
const START_MS = 1_780_000_200_000
const NOW_MS = START_MS + 7_200_000
const NEWER = readFileSync(join(ROOT, 'pve-vm-9.0', '101'))

function minutes(from: number, length: number) {
  return { startMs: START_MS + from * 60_000, stepMs: length * 60_000, cores: 2, memoryLimitMb: 512 }
}

const BEFORE = { memoryUsedMb: { mean: 256, peak: 256 }, cpuWaitingPercent: undefined }
const AFTER = {
  coresUsed: { mean: 0.5, peak: 0.5 },
  memoryUsedMb: { mean: 300, peak: 300 },
  cpuWaitingPercent: 3.5,
}
const STOPPED = { coresUsed: undefined, memoryUsedMb: undefined, cpuWaitingPercent: 3.5 }

function past(bytes: Uint8Array, nowMs = NOW_MS) {
  const problems: string[] = []
  const contents: PastContent[] = [{ path: 'file', bytes }]
  const steps = pastOf(contents, { nowMs, onProblem: problem => problems.push(problem) })
  return { steps, problems }
}

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(NEWER)
  change(bytes)
  return bytes
}

describe('what Proxmox has kept of a container', () => {
  test('is joined of both formats, the finest for each moment', () => {
    expect(pastOf(pastContents(new HostFiles(), ROOT, 101), { nowMs: NOW_MS })).toEqual([
      { ...minutes(0, 30), ...BEFORE, coresUsed: { mean: 1, peak: 1 } },
      { ...minutes(30, 20), ...BEFORE, coresUsed: { mean: expect.closeTo(31 / 30), peak: 2 } },
      ...Array.from({ length: 10 }, (_, at) => ({
        ...minutes(50 + at, 1),
        ...BEFORE,
        coresUsed: { mean: 1, peak: 1 },
      })),
      { ...minutes(60, 30), ...AFTER },
      { ...minutes(90, 24), ...AFTER },
      ...[114, 115, 116, 117].map(minute => ({ ...minutes(minute, 1), ...AFTER })),
      ...[118, 119].map(minute => ({ ...minutes(minute, 1), ...STOPPED })),
    ])
  })

  test('is not known of a container that has no file', () => {
    expect(pastContents(new HostFiles(), ROOT, 102)).toEqual([])
    expect(pastContents(new HostFiles(), '/nowhere', 101)).toEqual([])
  })

  test('begins where it is wanted from, and ends now', () => {
    const contents = pastContents(new HostFiles(), ROOT, 101)
    const sinceMs = START_MS + 115 * 60_000
    const steps = pastOf(contents, { nowMs: NOW_MS - 60_000, sinceMs })
    expect(steps.map(({ startMs }) => (startMs - START_MS) / 60_000)).toEqual([115, 116, 117, 118])
  })

  test('says why a file could not be read, and makes do with the other', () => {
    const files = {
      readBytes: (path: string) => {
        if (path.includes('9.0')) throw new AutoscaleError('HOST_UNREADABLE', `${path}: permission denied`)
        return readFileSync(path)
      },
    }
    const problems: string[] = []
    const steps = pastOf(pastContents(files, ROOT, 101), { nowMs: NOW_MS, onProblem: text => problems.push(text) })
    expect(steps).toHaveLength(12)
    expect(problems).toEqual([`${ROOT}/pve-vm-9.0/101: permission denied`])
  })
})

describe('a file that is not as it should be', () => {
  test.each([
    ['empty', new Uint8Array(0), 'has only 0 bytes'],
    ['another', Buffer.alloc(20_000, 'x'), 'no file of rrdtool'],
    ['of a newer version', changed(bytes => bytes.write('0004', 4)), 'no file of rrdtool'],
    ['of another machine', changed(bytes => bytes.subarray(16, 24).reverse()), 'another kind of machine'],
    ['huge', Buffer.alloc(9_000_000), 'more than any'],
    ['of a million sources', changed(bytes => bytes.writeUInt32LE(1_000_000, 24)), 'damaged head'],
    ['of a step of a year', changed(bytes => bytes.writeUInt32LE(31_536_000, 40)), 'damaged head'],
    ['cut in its head', NEWER.subarray(0, 3_000), 'ends within its head'],
    ['cut in its rows', NEWER.subarray(0, NEWER.length - 8), 'is cut'],
  ])('is refused: %s', (_, bytes, reason) => {
    const { steps, problems } = past(bytes)
    expect(steps).toEqual([])
    expect(problems).toEqual([expect.stringContaining(reason)])
  })

  test('never throws, whatever single byte is wrong', () => {
    for (let at = 0; at < NEWER.length; at += 13) {
      const { steps } = past(changed(bytes => bytes.writeUInt8((bytes.readUInt8(at) + 129) % 256, at)))
      for (const { coresUsed, memoryUsedMb } of steps) {
        expect((coresUsed?.peak ?? 0) <= 8_192 * 1.5 && (memoryUsedMb?.peak ?? 0) <= 2 ** 32).toBe(true)
      }
    }
  })

  test('has nothing to say of the future', () => {
    expect(past(NEWER, START_MS).steps).toEqual([])
  })
})
