import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { AutoscaleError, errorMessage, systemErrorCode } from '../errors.ts'
import { openRegularFileSync, readRegularFile } from '../files/regular-file.ts'

export interface InstanceLock {
  /** The process that held the lock last and did not release it; undefined when there was none. */
  readonly takenOverFromPid: number | undefined
  release(): void
}

/** Whoever may read the file may hold the lock, so nobody else may. */
const OWN_ONLY = 0o600
/** The descriptor that flock(1) finds the file under: the first behind those of input and output. */
const LOCK_FD = 3
/** More than the number of a process has. */
const MAX_LOCK_BYTES = 32
/** Exit code of flock(1) when somebody holds the lock; EX_TEMPFAIL of sysexits(3). */
const HELD = 75

/**
 * Takes the lock at `path`. The kernel keeps it for this process as long as it lives, whether it runs or stands still, and
 * frees it when it ends, however it ends. The file then holds the number of the process, for people and for whom `mode` lets
 * read it.
 * @throws {AutoscaleError} ALREADY_RUNNING when a living process holds it, STATE_INVALID when the file cannot be locked.
 */
export function acquireInstanceLock(path: string, mode = OWN_ONLY): InstanceLock {
  try {
    mkdirSync(dirname(path), { recursive: true })
    for (;;) {
      const lock = tryLock(path, mode)
      if (lock !== undefined) return lock
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined || error instanceof AutoscaleError) throw error
    const message = `${path}: cannot be used as a lock: ${errorMessage(error)}${ownerOf(path)}`
    throw new AutoscaleError('STATE_INVALID', message, { cause: error })
  }
}

/** Undefined when the file was removed while it was being locked: then the lock is worth nothing. */
function tryLock(path: string, mode: number): InstanceLock | undefined {
  const { fd, isNew } = openLockFile(path, mode)
  try {
    refuseStranger(path, fd)
    lockNow(path, fd)
    if (isAt(path, fd)) return heldLock({ path, fd, isNew, mode })
  } catch (error) {
    closeSync(fd)
    throw error
  }
  closeSync(fd)
  return undefined
}

/** Not made when it is there: in /run/lock the kernel lets nobody, not even root, open another one's file so. */
function openLockFile(path: string, mode: number): { readonly fd: number; readonly isNew: boolean } {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW
  for (;;) {
    try {
      return { fd: openRegularFileSync(path, flags), isNew: false }
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
    }
    try {
      return { fd: openRegularFileSync(path, flags | constants.O_CREAT | constants.O_EXCL, mode), isNew: true }
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error
    }
  }
}

/** In a folder where all may write, somebody else may have made the file to keep this service from starting. */
function refuseStranger(path: string, fd: number): void {
  const [owner, own] = [fstatSync(fd).uid, process.geteuid?.()]
  if (own === 0 || owner === 0 || owner === own) return
  throw new AutoscaleError('STATE_INVALID', `${path}: cannot be used as a lock${ownerOf(path)}`)
}

/**
 * Node.js cannot lock a file. flock(1) of util-linux can, through the descriptor that it inherits: the lock is of the open
 * file, so it stays when flock(1) ends.
 */
function lockNow(path: string, fd: number): void {
  const words = ['--exclusive', '--nonblock', '--conflict-exit-code', String(HELD), String(LOCK_FD)]
  const { error, status, stderr } = spawnSync('flock', words, { stdio: ['ignore', 'ignore', 'pipe', fd] })
  if (status === 0) return
  if (status === HELD) {
    const pid = pidIn(fd)
    const holder = pid === undefined ? 'another process' : `process ${pid}`
    throw new AutoscaleError('ALREADY_RUNNING', `${path}: held by ${holder}; stop it first`)
  }
  const problem = error === undefined ? stderr.toString('utf8').trim() : errorMessage(error)
  throw new AutoscaleError('STATE_INVALID', `${path}: cannot be locked by flock(1) of util-linux: ${problem}`)
}

/** A process that was written into a lock file. */
export interface LockHolder {
  readonly pid: number
  /** When it took the lock, milliseconds since 1970 UTC. */
  readonly sinceMs: number
}

/**
 * Who holds the lock at `path`, and lives; undefined when nobody does.
 * @throws {AutoscaleError} STATE_INVALID when it is no regular file; a system error when it cannot be read.
 */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const pid = pidOf(readRegularFile(path, MAX_LOCK_BYTES))
    const sinceMs = statSync(path).mtimeMs
    return pid === undefined || !existsSync(`/proc/${pid}`) ? undefined : { pid, sinceMs }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

interface LockedFile {
  readonly path: string
  readonly fd: number
  readonly isNew: boolean
  readonly mode: number
}

function heldLock({ path, fd, isNew, mode }: LockedFile): InstanceLock {
  const previousPid = pidIn(fd)
  bestEffort(() => {
    fchmodSync(fd, mode)
    rewrite(fd, `${process.pid}\n`)
  })
  return {
    takenOverFromPid: previousPid,
    release() {
      bestEffort(() => rewrite(fd, ''))
      // One that an administrator, or the package, made for this service stays.
      if (isNew && isAt(path, fd)) rmSync(path, { force: true })
      closeSync(fd)
    },
  }
}

/** What is written into the file is for others. It locks without it: a full disk is no reason not to run. */
function bestEffort(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

function rewrite(fd: number, text: string): void {
  ftruncateSync(fd)
  writeSync(fd, text, 0)
}

function pidIn(fd: number): number | undefined {
  return pidOf(readFileSync(fd, 'utf8'))
}

function pidOf(text: string): number | undefined {
  return /^[1-9]\d*$/.test(text.trim()) ? Number(text) : undefined
}

/** Whether the open file is the one that others find at `path`. */
function isAt(path: string, fd: number): boolean {
  const [found, own] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd)]
  return found?.ino === own.ino && found.dev === own.dev
}

/** What to do about a lock file of another user; empty when it is of this one, or nothing is known of it. */
function ownerOf(path: string): string {
  try {
    const owner = lstatSync(path).uid
    return owner === process.geteuid?.() ? '' : `; it belongs to user ${owner}: remove it`
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return ''
  }
}
