import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { LogFile } from '../../packages/core/src/log-file.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const MINUTE_MS = 60_000

function setUp(settings: { maxBytes?: number; backupCount?: number } = {}) {
  const file = join(temporaryDirectory(), 'daemon.log')
  let nowMs = 0
  const said: (string | undefined)[] = []
  const log = new LogFile(
    { file, maxBytes: 1_000_000, backupCount: 2, ...settings },
    { monotonicMs: () => nowMs, onProblem: problem => void said.push(problem) },
  )
  const passMs = (ms: number) => {
    nowMs += ms
  }
  const until = (is: () => boolean) => vi.waitUntil(is, { timeout: 30_000 })
  return { file, log, said, passMs, until, text: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') }
}

test.each([
  ['a folder', (path: string) => mkdirSync(path)],
  ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
  ['a device', (path: string) => symlinkSync('/dev/full', path)],
  ['a link to itself', (path: string) => symlinkSync(path, path)],
])('%s in the place of the log file is said once, and the lines go on when it is gone', async (_, make) => {
  const { file, log, said, passMs, until, text } = setUp()
  make(file)
  log.write('lost\n')
  await until(() => said.length === 1)
  expect(said[0]).toMatch(/is not a file|ELOOP/)
  for (let minute = 0; minute < 3; minute++) {
    passMs(MINUTE_MS)
    log.write('lost too\n')
  }
  rmSync(file, { recursive: true })
  passMs(MINUTE_MS - 1)
  await until(() => {
    passMs(MINUTE_MS)
    log.write('kept\n')
    return said.length > 1
  })
  expect(said).toEqual([expect.any(String), undefined])
  // A line that was written right before may have come in time.
  await until(() => /^(lost too\n)*(kept\n)+$/.test(text()))
})

test('a disk that fails in the middle is said once, tried again each minute and not more often', async () => {
  const { file, log, said, passMs, until, text } = setUp({ maxBytes: 1, backupCount: 1 })
  // The file is rotated after its first thousand bytes, to a name that is taken.
  mkdirSync(`${file}.1`)
  log.write(`${'x'.repeat(2_000)}\n`)
  await until(() => said.length === 1)
  for (let line = 0; line < 10; line++) log.write('dropped\n')
  rmdirSync(`${file}.1`)
  passMs(MINUTE_MS)
  log.write('kept\n')
  await until(() => said.length === 2)
  expect(said[1]).toBeUndefined()
  expect(text()).toBe('kept\n')
  expect(readdirSync(dirname(file)).sort()).toEqual(['daemon.log', 'daemon.log.1'])
})

test('the target of a link is rotated, and the link stays', async () => {
  const { file, log, until, text } = setUp({ maxBytes: 1, backupCount: 1 })
  const elsewhere = join(dirname(file), 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync(join(elsewhere, 'target.log'), file)
  log.write('first\n')
  await until(() => text() === 'first\n')
  const second = new LogFile(
    { file, maxBytes: 1, backupCount: 1 },
    { monotonicMs: () => 0, onProblem: problem => expect(problem).toBeUndefined() },
  )
  second.write(`${'x'.repeat(2_000)}\n`)
  await until(() => readdirSync(elsewhere).length === 2)
  second.write('after\n')
  await until(() => text() === 'after\n')
  expect(readdirSync(dirname(file)).sort()).toEqual(['daemon.log', 'elsewhere'])
})
