import { fstatSync } from 'node:fs'
import files, { type FileHandle, open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

/** One call, and the inode of the file or folder that it was for. */
export interface FileCall {
  readonly call: 'write' | 'sync' | 'rename'
  readonly inode: number
}

/**
 * Notes, until the test is over, each write and sync of a file and each rename, in the order in which the operating system
 * gets them: what a power loss would leave depends on that order, and on nothing that can be seen afterwards.
 */
export async function recordFileCalls(): Promise<readonly FileCall[]> {
  const calls: FileCall[] = []
  const inodeOf = (handle: FileHandle) => fstatSync(handle.fd).ino
  const probe = await open('/', 'r')
  const prototype = Object.getPrototypeOf(probe)
  await probe.close()
  const wrapped: Readonly<Record<string, FileCall['call']>> = {
    write: 'write',
    writev: 'write',
    writeFile: 'write',
    appendFile: 'write',
    sync: 'sync',
    datasync: 'sync',
  }
  const before = new Map(Object.keys(wrapped).map(name => [name, prototype[name]]))
  for (const [name, original] of before) {
    prototype[name] = async function (this: FileHandle, ...words: unknown[]) {
      const inode = inodeOf(this)
      const result = await original.apply(this, words)
      calls.push({ call: wrapped[name] ?? 'write', inode })
      return result
    }
  }
  const { rename } = files
  files.rename = async (from, to) => {
    const { ino } = await files.stat(from)
    await rename(from, to)
    calls.push({ call: 'rename', inode: ino })
  }
  syncBuiltinESMExports()
  onTestFinished(() => {
    for (const [name, original] of before) prototype[name] = original
    files.rename = rename
    syncBuiltinESMExports()
  })
  return calls
}
