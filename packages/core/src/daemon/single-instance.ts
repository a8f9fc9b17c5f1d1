import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { lock } from 'proper-lockfile'
import { AutoscaleError, systemErrorCode } from '../errors.ts'

export interface InstanceLock {
  /** The process whose abandoned lock was taken over; undefined when there was none. */
  readonly takenOverFromPid: number | undefined
  release(): Promise<void>
}

const STALE_MS = 10_000

/**
 * Takes the lock at `path`, which then holds the number of this process. A lock left by a killed process is taken
 * over. `onLost` is called if somebody else takes it while this process runs (it stood still for more than 10 s).
 * @throws {AutoscaleError} ALREADY_RUNNING when a living process holds it.
 */
export async function acquireInstanceLock(path: string, onLost: (error: Error) => void): Promise<InstanceLock> {
  await mkdir(dirname(path), { recursive: true })
  const previousPid = await readPid(path)
  if (previousPid === undefined) await writeFile(path, '', { flag: 'a' })
  const release = await take(path, previousPid, onLost)
  await writeFile(path, `${process.pid}\n`)
  return {
    takenOverFromPid: previousPid === process.pid ? undefined : previousPid,
    async release() {
      await rm(path, { force: true })
      await release()
    },
  }
}

async function take(
  path: string,
  previousPid: number | undefined,
  onLost: (error: Error) => void,
): Promise<() => Promise<void>> {
  const options = { stale: STALE_MS, realpath: false, onCompromised: onLost }
  try {
    return await lock(path, options)
  } catch (error) {
    if (systemErrorCode(error) !== 'ELOCKED') throw error
    if (previousPid === undefined || isAlive(previousPid)) {
      const holder = previousPid === undefined ? 'another process' : `process ${previousPid}`
      throw new AutoscaleError('ALREADY_RUNNING', `${path}: held by ${holder}; stop it first`, { cause: error })
    }
  }
  await rm(`${path}.lock`, { recursive: true, force: true })
  return lock(path, options)
}

async function readPid(path: string): Promise<number | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    return /^[1-9]\d*$/.test(text) ? Number(text) : undefined
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemErrorCode(error) === 'EPERM'
  }
}
