import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { acquireInstanceLock } from '@lxc-autoscale/core'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const core = join(import.meta.dirname, '..', '..', 'packages/core/dist/index.js')

let path: string
beforeEach(() => {
  path = join(temporaryDirectory(), 'model.lock')
})

/** Another process that takes the lock, and says what came of it; then it waits until it is ended. */
function another(more = ''): SpawnedDaemon {
  const program = `${path}-${Math.random()}.mjs`
  writeFileSync(
    program,
    `import { spawn } from 'node:child_process'
import { acquireInstanceLock } from ${JSON.stringify(core)}
try {
  const lock = acquireInstanceLock(${JSON.stringify(path)})
  ${more}
  console.log('holds it, taken over from', lock.takenOverFromPid)
  setInterval(() => undefined, 1_000)
} catch (error) {
  console.log(error.code, error.message)
}`,
  )
  const process = new SpawnedDaemon(program, [])
  onTestFinished(async () => void (await process.end('SIGKILL')))
  return process
}

/** Until the test is over, commands are looked for in what `make` gives; it is given an empty folder. */
function withPath(make: (folder: string) => string): void {
  const { PATH } = process.env
  onTestFinished(() => {
    process.env['PATH'] = PATH
  })
  process.env['PATH'] = make(temporaryDirectory())
}

test('the file holds the number of the process while the lock is held, and is gone afterwards', () => {
  const held = acquireInstanceLock(path)
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
  expect(held.takenOverFromPid).toBeUndefined()
  held.release()
  expect(readdirSync(join(path, '..'))).toEqual([])
  acquireInstanceLock(path).release()
})

test('a second holder is refused and told the number of the first, also within one process', async () => {
  const held = acquireInstanceLock(path)
  const refusal = { code: 'ALREADY_RUNNING', message: `${path}: held by process ${process.pid}; stop it first` }
  expect(() => acquireInstanceLock(path)).toThrow(expect.objectContaining(refusal))
  await another().says(new RegExp(`ALREADY_RUNNING .*held by process ${process.pid};`))
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
  held.release()
})

test('a process that stands still keeps its lock for as long as it stands', async () => {
  const first = another()
  await first.says(/holds it/)
  first.process.kill('SIGSTOP')
  // Longer than a lock that has to be renewed would last.
  await passed(11_000)
  expect(() => acquireInstanceLock(path)).toThrow(`held by process ${first.process.pid}`)
  first.process.kill('SIGCONT')
  await another().says(/ALREADY_RUNNING/)
}, 60_000)

test('a kill frees the lock at once, and the next holder says from whom it has it', async () => {
  for (let kill = 0; kill < 5; kill++) {
    const first = another()
    await first.says(/holds it/)
    await first.end('SIGKILL')
    const next = acquireInstanceLock(path)
    expect(next.takenOverFromPid).toBe(first.process.pid)
    next.release()
  }
})

test('a command that was started meanwhile does not keep the lock', async () => {
  const first = another("console.log('child', spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).pid)")
  const [, child] = await first.says(/child (\d+)/)
  onTestFinished(() => void process.kill(Number(child), 'SIGKILL'))
  await first.end('SIGKILL')
  acquireInstanceLock(path).release()
})

test('a file that its last holder removes while it is being locked is not the one that is locked', () => {
  withPath(folder => {
    const real = execFileSync('which', ['flock'], { encoding: 'utf8' }).trim()
    const once = join(folder, 'once')
    const script = `#!/bin/sh\n[ -e ${once} ] || rm ${path}\n: >${once}\nexec ${real} "$@"\n`
    writeFileSync(join(folder, 'flock'), script, { mode: 0o755 })
    return `${folder}:${process.env['PATH']}`
  })
  writeFileSync(path, '')
  const held = acquireInstanceLock(path)
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
  expect(() => acquireInstanceLock(path)).toThrow('held by')
  held.release()
})

test('a file that was there stays, with the mode that it shall have and without a number', () => {
  writeFileSync(path, '')
  const held = acquireInstanceLock(path, 0o640)
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`)
  held.release()
  expect(readFileSync(path, 'utf8')).toBe('')
})

test('nobody but its owner may read a new lock file, since who reads it can hold it', () => {
  const held = acquireInstanceLock(path)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  held.release()
})

test('one that was removed while it was held is not touched by the release', () => {
  const held = acquireInstanceLock(path)
  rmSync(path)
  writeFileSync(path, 'of somebody else')
  held.release()
  expect(readFileSync(path, 'utf8')).toBe('of somebody else')
})

describe.each([
  ['a folder', (at: string) => mkdirSync(at)],
  ['a FIFO', (at: string) => void execFileSync('mkfifo', [at])],
  ['a link', (at: string) => symlinkSync(`${at}-elsewhere`, at)],
  ['a device', (at: string) => symlinkSync('/dev/null', at)],
])('%s in the place of the file', (_, make) => {
  test('is said, changes nothing and leaves nothing open, and the lock can be had when it is gone', () => {
    const open = readdirSync('/proc/self/fd').length
    make(path)
    expect(() => acquireInstanceLock(path)).toThrow(
      expect.objectContaining({ code: 'STATE_INVALID', message: `${path}: is not a regular file` }),
    )
    expect(readdirSync('/proc/self/fd').length).toBe(open)
    rmSync(path, { recursive: true })
    acquireInstanceLock(path).release()
    expect(readdirSync('/proc/self/fd').length).toBe(open)
  })
})

test('without flock(1) the message says what is missing', () => {
  withPath(folder => folder)
  expect(() => acquireInstanceLock(path)).toThrow(
    expect.objectContaining({
      code: 'STATE_INVALID',
      message: `${path}: cannot be locked by flock(1) of util-linux: spawnSync flock ENOENT`,
    }),
  )
})

/** Who runs this with no right to become others has no others. */
const isRoot = process.getuid?.() === 0

test.runIf(isRoot)('a lock file that another user made is refused, and the message says whose it is', () => {
  const [other, own] = [65_534, 65_533]
  const folder = join(path, '..')
  writeFileSync(path, '')
  chownSync(path, other, other)
  execFileSync('chmod', ['1777', folder])
  execFileSync('chmod', ['0666', path])
  const asOwn = (code: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], { uid: own, gid: own, encoding: 'utf8' })
  const code = `import { acquireInstanceLock } from ${JSON.stringify(core)}
try { acquireInstanceLock(${JSON.stringify(path)}) } catch (error) { console.log(error.code, error.message) }`
  const said = `STATE_INVALID ${path}: cannot be used as a lock`
  expect(asOwn(code).stdout).toBe(`${said}; it belongs to user ${other}: remove it\n`)
  execFileSync('chmod', ['0600', path])
  expect(asOwn(code).stdout).toMatch(/EACCES.*; it belongs to user 65534: remove it\n$/)
})
