import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryEntryBody } from '@lxc-autoscale/core'
import type { PretendHost } from '@lxc-autoscale/simulator'
import type { FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { apiOnHost, pretendHost } from '../fakes/api-in-process.ts'
import { failingFiles } from '../fakes/failing-files.ts'
import { RecordedFiles } from '../fakes/files-after-power-loss.ts'
import { RecordingCommands } from '../fakes/recording-commands.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const config = { authentication: { enabled: false } }
const grow = { url: '/scale/storage/increase', body: { lxc_id: 101, disk_size: 1 } }

let folder: string
let host: PretendHost
let commands: RecordingCommands

beforeEach(async () => {
  folder = temporaryDirectory()
  host = await pretendHost(join(folder, 'host'), {
    containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }],
  })
  commands = new RecordingCommands(host.paths.pve)
  commands.also = growDisk
})

const confFile = () => join(host.paths.pve, 'lxc', '101.conf')
const diskGb = () => Number(/size=(\d+)G/.exec(readFileSync(confFile(), 'utf8'))?.[1])
const timesRun = (subcommand: string) => commands.seen.filter(({ args }) => args[0] === subcommand).length

function growDisk({ args: [subcommand] }: { readonly args: readonly string[] }): void {
  if (subcommand !== 'resize') return
  const text = readFileSync(confFile(), 'utf8')
  writeFileSync(confFile(), text.replace(/size=\d+G/, `size=${diskGb() + 1}G`))
}

async function start(state = join(folder, 'state'), files?: Parameters<typeof apiOnHost>[0]['files']) {
  const api = await apiOnHost({ host, commands, config, state, ...(files === undefined ? {} : { files }) })
  onTestFinished(() => api.close())
  return api
}

async function ask(app: FastifyInstance, { url, body }: { url: string; body: object }, key = 'once') {
  const headers = { host: 'localhost', 'idempotency-key': key }
  const answer = await app.inject({ method: 'POST', url, payload: body, headers })
  return { status: answer.statusCode, json: answer.json(), isReplay: answer.headers['idempotency-replayed'] === 'true' }
}

async function history(app: FastifyInstance): Promise<HistoryEntryBody[]> {
  const answer = await app.inject({ url: '/history?limit=1000', headers: { host: 'localhost' } })
  return answer.json().data.entries
}

describe('a change that was made is not made again for its key when', () => {
  /** Does something at the moment when the command has just done its work. */
  const afterTheDeed = (act: () => void) => {
    commands.also = command => {
      growDisk(command)
      if (command.args[0] === 'resize') act()
    }
  }

  test('the audit log could not be written at its end', async () => {
    let isFull = false
    const weather = { failure: (call: string) => (isFull && call !== 'rm' ? 'ENOSPC' : undefined) }
    const { app } = await start(undefined, failingFiles({ ...weather, shortWrite: bytes => bytes }))
    afterTheDeed(() => {
      isFull = true
    })
    const first = await ask(app, grow)
    expect(first).toMatchObject({ status: 200, json: { warning: expect.stringContaining('ENOSPC') } })
    expect((await history(app)).map(({ outcome }) => outcome)).toEqual(['applied'])
    expect(await ask(app, { url: '/scale/cores', body: { lxc_id: 101, cores: 3 } }, 'other')).toMatchObject({
      status: 503,
      json: { error: 'AUDIT_UNAVAILABLE' },
    })
    isFull = false
    const again = await ask(app, grow)
    expect(again).toMatchObject({ status: 200, isReplay: true, json: { change_id: first.json.change_id } })
    expect(timesRun('resize')).toBe(1)
    // It heals by itself: the next change writes what is owed first, once.
    expect((await ask(app, { url: '/scale/cores', body: { lxc_id: 101, cores: 3 } }, 'other')).status).toBe(200)
    const lines = readFileSync(join(folder, 'state', 'audit.jsonl'), 'utf8')
      .trim()
      .split('\n')
    expect(lines.map(line => JSON.parse(line).action)).toEqual(['storage-increase', 'scale'])
  })

  test.each([
    ['its container cannot be read', (file: string) => rmSync(file)],
    ['its container was migrated away', (file: string) => renameSync(file, `${file}.elsewhere`)],
  ])('%s', async (_, take) => {
    const { app } = await start()
    afterTheDeed(() => take(confFile()))
    const first = await ask(app, grow)
    expect(first).toMatchObject({ status: 502, json: { error: 'OUTCOME_UNKNOWN' } })
    const again = await ask(app, grow)
    expect(again).toEqual({ ...first, isReplay: true })
    expect(timesRun('resize')).toBe(1)
    expect(await history(app)).toMatchObject([{ outcome: 'unknown', error: 'OUTCOME_UNKNOWN', after: null }])
  })

  test('the daemon is started anew', async () => {
    const first = await start()
    const answer = await ask(first.app, { ...grow, body: { ...grow.body, unknown_field: 1 } })
    const { app } = await start()
    const again = await ask(app, { ...grow, body: { ...grow.body, unknown_field: 1 } })
    expect(again).toEqual({ ...answer, isReplay: true })
    expect(again.json.ignored).toEqual(['unknown_field'])
    expect(await ask(app, { ...grow, body: { lxc_id: 101, disk_size: 2 } })).toMatchObject({
      status: 409,
      json: { error: 'IDEMPOTENCY_CONFLICT' },
    })
  })

  test('the command failed after it did its work, with the same answer', async () => {
    commands.says = { resize: { exitCode: 255, stderr: 'something that nobody has seen before\n' } }
    const { app } = await start()
    const first = await ask(app, grow)
    expect(first).toMatchObject({ status: 502, json: { error: 'PCT_FAILED', exit: 'exit code 255' } })
    expect(await ask(app, grow)).toEqual({ ...first, isReplay: true })
    const { app: later } = await start()
    expect(await ask(later, grow)).toEqual({ ...first, isReplay: true })
    expect(timesRun('resize')).toBe(1)
  })
})

test('a change whose first look fails and whose second shows it is made, with a warning', async () => {
  const { app } = await start()
  commands.also = command => {
    growDisk(command)
    const file = confFile()
    const text = readFileSync(file, 'utf8')
    rmSync(file)
    // Back after the look that follows the command at once.
    setImmediate(() => writeFileSync(file, text))
  }
  const answer = await ask(app, grow)
  expect([200, 502]).toContain(answer.status)
  const [entry] = await history(app)
  expect(entry?.outcome).toBe(answer.status === 200 ? 'applied' : 'unknown')
})

test('a request that was refused before anything was begun is not kept: asking again is right', async () => {
  const { app } = await start()
  const conf = readFileSync(confFile(), 'utf8')
  writeFileSync(confFile(), `lock: backup\n${conf}`)
  expect((await ask(app, grow)).status).toBe(423)
  writeFileSync(confFile(), conf)
  expect(await ask(app, grow)).toMatchObject({ status: 200, isReplay: false })
})

test('what a repeated request needs is not shown in the history', async () => {
  const { app } = await start()
  await ask(app, grow)
  expect(Object.keys((await history(app))[0] ?? {})).not.toContain('repeat')
})

class StoppedHere extends Error {}

/** Nothing of what the file layer is asked for from call number `moment` on is done; `picture` is taken right before it. */
function stopAt(recorded: RecordedFiles, moment: number, picture: () => void): { readonly isStopped: () => boolean } {
  let calls = 0
  recorded.beforeCall = () => {
    calls++
    if (calls === moment) picture()
    if (calls >= moment) throw new StoppedHere()
  }
  return { isStopped: () => calls >= moment }
}

describe.each([
  ['kill', ['200 false', '409 true', '200 true']],
  // A note without its name on the disk is none.
  ['power loss', ['200 false', '200 true']],
] as const)('a %s at any moment', (kind, expectedEnds) => {
  /** Has a change made that is stopped at `moment`; gives the state that is left, undefined when it was over before. */
  async function stateLeftAt(moment: number): Promise<string | undefined> {
    const state = join(folder, `state-${moment}`)
    const left = join(folder, `left-${moment}`)
    mkdirSync(state)
    const recorded = new RecordedFiles(state)
    const { app } = await start(state, recorded.files)
    const stop = stopAt(recorded, moment, () => {
      if (kind === 'kill') recorded.copyAfterKill(left)
      else recorded.copyAfterPowerLoss(left)
    })
    await ask(app, grow)
    return stop.isStopped() ? left : undefined
  }

  test('makes no change twice, and each has one end', async () => {
    const ends = new Set<string>()
    for (let moment = 1; ; moment++) {
      commands.seen = []
      const sizeBefore = diskGb()
      const left = await stateLeftAt(moment)
      if (left === undefined) break
      const { app } = await start(left)
      const again = await ask(app, grow)
      const entries = await history(app)
      const isMade = again.status === 200
      ends.add(`${again.status} ${again.isReplay}`)
      // Noted and stopped before the command: nobody can know, so it is not made, and the answer says so.
      if (!isMade)
        expect(again).toMatchObject({
          status: 409,
          json: { change_id: entries[0]?.id, after: { disk_gb: sizeBefore } },
        })
      const times = isMade ? 1 : 0
      expect({ moment, resized: timesRun('resize'), grown: diskGb() - sizeBefore }).toEqual({
        moment,
        resized: times,
        grown: times,
      })
      expect(entries).toMatchObject([{ outcome: isMade ? 'applied' : 'unknown', action: 'storage-increase' }])
      const { app: later } = await start(left)
      expect(await history(later)).toEqual(entries)
      expect((await ask(later, grow)).json).toEqual(again.json)
    }
    expect([...ends]).toEqual(expectedEnds)
  })
})
