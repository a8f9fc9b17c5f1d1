import {
  closeSync,
  cpSync,
  type Dirent,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import * as real from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { LineFiles } from '../../packages/api/src/audit/append-file.ts'

/** What a name stood for when its folder was synced. */
type SyncedName = { readonly inode: number } | 'folder'

/**
 * The real calls on the files below `root`, with what is left after a kill or after a power loss at any moment. A power
 * loss leaves of a file what was synced, and of a folder the names that were synced with it, nothing else.
 */
export class RecordedFiles {
  readonly files: LineFiles
  readonly calls: string[] = []
  /** Runs before each call. */
  beforeCall: (call: string) => void = () => undefined
  readonly #root: string
  readonly #contents = new Map<number, Buffer>()
  /** Each file of `#contents` stays open, so that its inode is not given to another one after it was removed. */
  readonly #held: number[] = []
  readonly #names = new Map<string, ReadonlyMap<string, SyncedName>>()

  constructor(root: string) {
    this.#root = root
    onTestFinished(() => this.#held.forEach(closeSync))
    this.#syncAll(root)
    this.files = {
      open: (async (...words: Parameters<typeof real.open>) => {
        this.#called('open', words[0])
        return this.#recorded(await real.open(...words), String(words[0]))
      }) as typeof real.open,
      rename: async (from, to) => {
        this.#called('rename', from)
        await real.rename(from, to)
      },
      rm: async (path, options) => {
        this.#called('rm', path)
        await real.rm(path, options)
      },
      stat: (async (path: string) => real.stat(path)) as typeof real.stat,
    }
  }

  /** What is there when the process is killed now. */
  copyAfterKill(target: string): void {
    cpSync(this.#root, target, { recursive: true })
  }

  /** What is there when the power fails now, at the worst. */
  copyAfterPowerLoss(target: string, folder = this.#root): void {
    mkdirSync(target, { recursive: true })
    for (const [name, synced] of this.#names.get(folder) ?? []) {
      if (synced === 'folder') this.copyAfterPowerLoss(join(target, name), join(folder, name))
      else writeFileSync(join(target, name), this.#contents.get(synced.inode) ?? '')
    }
  }

  #called(call: string, path: unknown): void {
    const text = `${call} ${String(path).slice(this.#root.length + 1)}`
    this.beforeCall(text)
    this.calls.push(text)
  }

  #recorded(handle: FileHandle, path: string): FileHandle {
    return new Proxy(handle, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return async (...words: readonly unknown[]) => {
          const isWork = name !== 'stat' && name !== 'read' && name !== 'close'
          if (isWork) this.#called(String(name), path)
          const result: unknown = await value.apply(target, words)
          if (name === 'sync' || name === 'datasync') await this.#synced(target, path)
          return result
        }
      },
    })
  }

  async #synced(handle: FileHandle, path: string): Promise<void> {
    const stats = await handle.stat()
    if (stats.isDirectory()) {
      this.#names.set(path, namesOf(path))
      return
    }
    // Of a file that was renamed since, by its descriptor.
    this.#keep(`/proc/self/fd/${handle.fd}`)
  }

  #keep(path: string): void {
    const { ino } = statSync(path)
    if (!this.#contents.has(ino)) this.#held.push(openSync(path, 'r'))
    this.#contents.set(ino, readFileSync(path))
  }

  /** What was there before is on the disk. */
  #syncAll(folder: string): void {
    this.#names.set(folder, namesOf(folder))
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) this.#syncAll(path)
      else this.#keep(path)
    }
  }
}

/** The real calls, which do not wait for the disk: for what a test does very often and no power loss threatens. */
export const hastyFiles: LineFiles = {
  ...real,
  open: (async (...words: Parameters<typeof real.open>) => {
    const handle = await real.open(...words)
    const skipped = async () => undefined
    return Object.assign(handle, { sync: skipped, datasync: skipped })
  }) as typeof real.open,
}

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
}

function namesOf(folder: string): ReadonlyMap<string, SyncedName> {
  return new Map(
    entriesOf(folder).map(entry => [
      entry.name,
      entry.isDirectory() ? 'folder' : { inode: statSync(join(folder, entry.name)).ino },
    ]),
  )
}
