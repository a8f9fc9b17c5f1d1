import { statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

const RETRY_MS = 8

/** A lock between processes, as flock(2) gives it on a real host. */
export interface ProcessLock {
  release(): Promise<void>
}

export interface LockRequest {
  /** Directory of the pretend host; locks of two hosts never meet. */
  readonly root: string
  /** What is locked, e.g. `pve-config-100`. */
  readonly name: string
  readonly timeoutMs: number
  /** Called once when the lock is not free at the first try. */
  onWait?(): void
}

/**
 * Takes a lock, or gives undefined after `timeoutMs`.
 * Node.js has no flock; an abstract socket name has the same properties: one holder, and the kernel frees it when
 * the holder dies, however it dies.
 */
export async function acquireProcessLock(request: LockRequest): Promise<ProcessLock | undefined> {
  const address = lockAddress(request.root, request.name)
  const deadlineMs = performance.now() + request.timeoutMs
  for (let attempt = 0; ; attempt++) {
    const server = await bind(address)
    if (server !== undefined) return { release: () => close(server) }
    if (attempt === 0) request.onWait?.()
    if (performance.now() >= deadlineMs) return undefined
    await new Promise(resolve => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())))
  }
}

/**
 * Runs `body` while the lock is held.
 * @throws {Error} when the lock is not free within its time limit.
 */
export async function withProcessLock<T>(request: LockRequest, body: () => T | Promise<T>): Promise<T> {
  const lock = await acquireProcessLock(request)
  if (lock === undefined)
    throw new Error(`pretend host ${request.root}: no lock '${request.name}' after ${request.timeoutMs} ms`)
  try {
    return await body()
  } finally {
    await lock.release()
  }
}

/** The device and inode stand for the directory, however it is spelt: the name has room for 107 bytes only. */
function lockAddress(root: string, name: string): string {
  const { dev, ino } = statSync(root, { bigint: true })
  return `\0pretend-host/${dev}:${ino}/${name}`
}

function bind(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(address, () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}
