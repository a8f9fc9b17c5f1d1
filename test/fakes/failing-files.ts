import type { FileHandle } from 'node:fs/promises'
import * as real from 'node:fs/promises'
import type { HistoryFiles } from '../../packages/monitor/src/store/open-history.ts'

/** What the operating system does to the next calls. */
export interface Weather {
  /** Gives an error code for a call that is to fail, undefined for one that succeeds. */
  failure(call: string): string | undefined
  /** How many bytes of a write reach the file before it fails or ends early. */
  shortWrite(bytes: number): number
}

/** The real calls on files, in the given weather. */
export function failingFiles(weather: Weather): HistoryFiles {
  const orFail = (call: string) => {
    const code = weather.failure(call)
    if (code !== undefined) throw Object.assign(new Error(`${code}: made up for ${call}`), { code })
  }
  const open = async (...words: Parameters<typeof real.open>) => {
    orFail('open')
    return failingHandle(await real.open(...words), weather, orFail)
  }
  return {
    open: open as typeof real.open,
    link: async (existing, path) => {
      orFail('link')
      await real.link(existing, path)
    },
    realpath: (async (path: string) => {
      orFail('realpath')
      return real.realpath(path)
    }) as typeof real.realpath,
    rename: async (from, to) => {
      orFail('rename')
      await real.rename(from, to)
    },
    rm: (path, options) => real.rm(path, options),
    stat: (async (path: string) => {
      orFail('stat')
      return real.stat(path)
    }) as typeof real.stat,
  }
}

function failingHandle(handle: FileHandle, weather: Weather, orFail: (call: string) => void): FileHandle {
  return new Proxy(handle, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name === 'write') return (...words: readonly unknown[]) => write(target, weather, orFail, words)
      return async (...words: readonly unknown[]) => {
        if (name !== 'close') orFail(String(name))
        return value.apply(target, words)
      }
    },
  })
}

/** A write with a position may reach the disk in part, as on a disk that becomes full. */
async function write(
  handle: FileHandle,
  weather: Weather,
  orFail: (call: string) => void,
  words: readonly unknown[],
): Promise<unknown> {
  const [content, offset, length, position] = words
  if (!(content instanceof Uint8Array) || typeof offset !== 'number' || typeof length !== 'number') {
    orFail('write')
    return handle.write(content as string, offset as number)
  }
  const bytes = weather.shortWrite(length)
  const written = bytes === 0 ? undefined : await handle.write(content, offset, bytes, position as number)
  if (bytes < length) orFail('write')
  return written ?? handle.write(content, offset, length, position as number)
}
