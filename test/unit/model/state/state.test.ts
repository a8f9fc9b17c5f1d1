import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AutoscaleError } from '@lxc-autoscale/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  formatSizerState,
  parseSizerState,
  type SavedMoment,
  type SavedSizer,
} from '../../../../packages/model/src/state/sizer-state.ts'
import { StateFiles } from '../../../../packages/model/src/state/state-files.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'

let folder: string
let directory: string
let recording: ReturnType<typeof recordingLog>
let files: StateFiles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-'))
  directory = join(folder, 'model')
  mkdirSync(directory)
  recording = recordingLog()
  files = new StateFiles(directory, recording.log)
})
afterEach(() => rmSync(folder, { recursive: true }))

const sizers = new Map<number, SavedSizer>([
  [101, { newestMs: 1_000, sizer: { peaks: [1, 2, 3] } }],
  [102, { newestMs: 2_000, sizer: null }],
])

const moment: SavedMoment = { ms: 5_000, boot: { id: 'b007', seconds: 3 } }
const learned = { sizers, forests: [], moment }

describe('the states of the sizers', () => {
  test('come back as they were', () => {
    expect(parseSizerState([...formatSizerState(sizers, moment)].join('\n'))).toEqual({ sizers, moment, isLost: false })
    const place = { offset: 4_711, anchor: Buffer.from('"summary":{}}') }
    expect(parseSizerState([...formatSizerState(sizers, moment, place)].join('\n'))).toMatchObject({ sizers, place })
  })

  const text = [...formatSizerState(sizers, moment)].join('\n')
  test.each([
    ['is empty', ''],
    ['is cut off', text.slice(0, -20)],
    ['lacks a line', text.split('\n').slice(0, 2).join('\n')],
    ['is of another version', text.replace('"version":1', '"version":2')],
    ['is of another kind', text.replace('lxc-autoscale-sizers', 'shopping-list')],
    ['names no container', text.replace('"vmid":101', '"vmid":1')],
    ['is not JSON', 'hello\nworld'],
  ])('are refused when the file %s', (_, damaged) => {
    expect(() => parseSizerState(damaged)).toThrow(expect.objectContaining({ code: 'STATE_INVALID' }))
  })
})

describe('the state files', () => {
  test('hold what was saved', async () => {
    await files.save({ ...learned, forests: ['forest header', 'forest of 101'] })
    expect(await files.loadSizers()).toEqual({ sizers, moment, isLost: false })
    expect(await files.loadForests(lines => [...lines])).toEqual(['forest header', 'forest of 101'])
  })

  test('are not there at first, which is nothing to speak of', async () => {
    expect(await files.loadSizers()).toEqual({ sizers: new Map(), moment: undefined, isLost: false })
    expect(await files.loadForests(lines => [...lines])).toBeUndefined()
    expect(recording.lines).toEqual([])
  })

  test('are kept aside with a message when they are damaged', async () => {
    writeFileSync(join(directory, 'model-sizers.jsonl'), '{"kind":')
    expect(await files.loadSizers()).toMatchObject({ sizers: new Map(), isLost: true })
    expect(recording.lines).toEqual([
      expect.objectContaining({ level: 'warn', message: 'saved state cannot be used; starting anew' }),
    ])
    expect(readFileSync(join(directory, 'model-sizers.jsonl.damaged'), 'utf8')).toBe('{"kind":')
  })

  test('are judged each by itself', async () => {
    await files.save({ ...learned, forests: ['forests'] })
    const refuse = () => {
      throw new AutoscaleError('STATE_INVALID', 'another version')
    }
    expect(await files.loadForests(refuse)).toBeUndefined()
    expect(await files.loadSizers()).toEqual({ sizers, moment, isLost: false })
  })

  test('leave nothing else behind', async () => {
    await files.save(learned)
    expect(readdirSync(directory).sort()).toEqual(['model-forests.jsonl', 'model-sizers.jsonl'])
  })

  test('can be read by their group and by nobody else', async () => {
    await files.save(learned)
    const { mode } = await import('node:fs').then(fs => fs.statSync(join(directory, 'model-sizers.jsonl')))
    expect(mode & 0o007).toBe(0)
  })
})

describe('the state folder', () => {
  test.each([
    ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => void mkdirSync(path)],
  ])('may hold %s where a file of ours belongs, which is kept aside', async (_, make) => {
    make(join(directory, 'model-sizers.jsonl'))
    expect(await files.loadSizers()).toMatchObject({ isLost: true })
    await files.save(learned)
    expect(await files.loadSizers()).toMatchObject({ sizers, isLost: false })
  })

  test('tells by the status that something was saved and is gone', async () => {
    writeFileSync(join(directory, 'model-status.json'), '{}')
    expect(await files.loadSizers()).toMatchObject({ isLost: true })
    await files.save(learned)
    expect(await files.loadSizers()).toMatchObject({ isLost: false })
  })

  test('is made when it is not there, and one that cannot be made stops nothing', async () => {
    await new StateFiles(join(directory, 'new'), recording.log).prepare()
    writeFileSync(join(directory, 'file'), '')
    const impossible = new StateFiles(join(directory, 'file', 'new'), recording.log)
    await impossible.prepare()
    expect(await impossible.loadSizers()).toMatchObject({ isLost: true })
    await expect(impossible.save(learned)).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  test('is cleared of what a kill or an earlier version left, and of nothing else', async () => {
    for (const name of [
      'model-sizers.jsonl.0123456789abcdef.tmp',
      'model-pending.json',
      'audit.jsonl',
      'pauses.json.0123.tmp',
    ]) {
      writeFileSync(join(directory, name), '')
    }
    await files.prepare()
    expect(readdirSync(directory).sort()).toEqual(['audit.jsonl', 'pauses.json.0123.tmp'])
  })
})
