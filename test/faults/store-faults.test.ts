import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCycle } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { MetricsFile } from '../../packages/monitor/src/store/metrics-file.ts'
import { failingFiles } from '../fakes/failing-files.ts'
import { recordingLog } from '../fakes/recording-log.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const line = (cycle: number) =>
  Buffer.from(
    `{"101":{"timestamp":"2026-01-05T00:00:00.000Z","process_count":${cycle}},"pad":"${'x'.repeat(cycle % 97)}"}`,
  )

/** Cycle numbers as a reader of lines gets them. */
function readNumbers(path: string): number[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap(text => parseCycle(text)?.containers.get(101)?.processCount ?? [])
}

/** A generator of numbers in [0, 1) that gives the same ones each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

function setUp(maxCycles: number) {
  const path = join(temporaryDirectory(), 'lxc_metrics.json')
  const { log, messages } = recordingLog()
  const weather = { codes: [] as readonly string[], chance: 0, random: seeded(1), call: /./ }
  const files = failingFiles({
    failure: call => {
      if (!weather.call.test(call) || weather.random() >= weather.chance) return undefined
      return weather.codes[Math.floor(weather.random() * weather.codes.length)]
    },
    shortWrite: bytes => (weather.random() < weather.chance ? Math.floor(weather.random() * bytes) : bytes),
  })
  const file = new MetricsFile({ path, maxCycles, nowMs: () => 0, log, files })
  return { path, file, weather, messages }
}

test('a disk that is full or read-only for a while loses only the cycles of that while, and is reported once', async () => {
  for (const code of ['ENOSPC', 'EROFS', 'EIO', 'EDQUOT']) {
    const { path, file, weather, messages } = setUp(1_000)
    for (let cycle = 1; cycle <= 20; cycle++) await file.append(line(cycle))
    Object.assign(weather, { codes: [code], chance: 1 })
    for (let cycle = 21; cycle <= 40; cycle++) expect((await file.append(line(cycle))).isStored).toBe(false)
    weather.chance = 0
    for (let cycle = 41; cycle <= 60; cycle++) expect((await file.append(line(cycle))).isStored).toBe(true)
    await file.close()
    expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(40)
    expect(readNumbers(path)).toEqual([...range(1, 20), ...range(41, 60)])
    expect(messages('error')).toHaveLength(1)
    expect(messages('info')).toEqual(['metrics file can be written again'])
  }
})

test('a cycle that reaches the disk in part only leaves the file as valid as it was', async () => {
  const { path, file, weather } = setUp(1_000)
  for (let cycle = 1; cycle <= 20; cycle++) await file.append(line(cycle))
  let writes = 0
  // The write stops half-way; what takes it back succeeds.
  Object.assign(weather, { codes: ['ENOSPC'], chance: 0.5, call: /^write$/, random: () => (writes++ < 4 ? 0.4 : 1) })
  expect((await file.append(line(21))).isStored).toBe(false)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(20)
  await file.close()
})

test('a disk that has no room for the rewrite of a full file keeps a shorter history', async () => {
  const { path, file, weather } = setUp(100)
  for (let cycle = 1; cycle <= 100; cycle++) await file.append(line(cycle))
  let tries = 0
  Object.assign(weather, { codes: ['ENOSPC'], chance: 0.5, call: /^sync$/, random: () => (tries++ < 4 ? 0 : 1) })
  expect((await file.append(line(101))).isStored).toBe(true)
  await file.close()
  const kept = readNumbers(path)
  expect(kept.at(-1)).toBe(101)
  expect(kept.length).toBeLessThan(60)
  expect(kept.length).toBeGreaterThan(1)
})

describe('in any weather', () => {
  test.each([1, 2, 3, 4])(
    'each stored cycle stays readable, in order, up to the most entries (seed %i)',
    async seed => {
      const { path, file, weather } = setUp(50)
      weather.random = seeded(seed)
      const stored: number[] = []
      for (let cycle = 1; cycle <= 1_500; cycle++) {
        const isStorm = Math.floor(cycle / 100) % 3 === 1
        Object.assign(weather, { codes: ['ENOSPC', 'EIO', 'EROFS', 'EINTR'], chance: isStorm ? 0.2 : 0 })
        if ((await file.append(line(cycle))).isStored) stored.push(cycle)
        const found = readNumbers(path)
        expect(found.at(-1)).toBe(stored.at(-1))
        expect(found).toEqual(found.length === 0 ? [] : stored.slice(-found.length))
        expect(found.length).toBeLessThanOrEqual(50)
        if (!isStorm) expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(found.length)
      }
      expect(stored.length).toBeGreaterThan(1_000)
      await file.close()
      expect(readdirSync(join(path, '..'))).toEqual(['lxc_metrics.json'])
    },
  )

  test('people who delete, cut, replace and overwrite the file do not stop it', async () => {
    const { path, file } = setUp(50)
    const random = seeded(9)
    const deeds = [
      () => rmSync(path, { force: true }),
      () => truncateSync(path, Math.floor(random() * 500)),
      () => writeFileSync(path, 'overwritten\n'),
      () => writeFileSync(path, readFileSync(path).subarray(0, 300)),
      () => {
        rmSync(path, { force: true })
        writeFileSync(path, `[\n${line(0)}\n]\n`)
      },
      () => {
        rmSync(join(path, '..'), { recursive: true })
        mkdirSync(join(path, '..'))
      },
    ]
    for (let cycle = 1; cycle <= 2_000; cycle++) {
      if (cycle % 7 === 0) deeds[Math.floor(random() * deeds.length)]?.()
      expect((await file.append(line(cycle))).isStored).toBe(true)
      expect(readNumbers(path).at(-1)).toBe(cycle)
      expect(Array.isArray(JSON.parse(readFileSync(path, 'utf8')))).toBe(true)
    }
    await file.close()
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}
