import { constants } from 'node:fs'
import type * as files from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import {
  type Logger,
  openBeside,
  openRegularFile,
  removeFiles,
  removeTemporaries,
  syncDirectory,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { type CyclePlace, EMPTY, EMPTY_TAIL, type FileScan, HEAD, LineScanner, SEPARATOR, TAIL } from './file-layout.ts'
import { ArraySplitter } from './split-json-array.ts'

const CHUNK_BYTES = 1_048_576
/** No cycle is as long; what is gets dropped instead of filling the memory. */
const MOST_CYCLE_BYTES = 16_777_216
/** Damaged files that are kept; an older one makes room for a newer one. */
const MOST_KEPT_ASIDE = 3

/** The calls of the operating system that keeping the metrics file needs. */
export type HistoryFiles = Pick<typeof files, 'open' | 'link' | 'realpath' | 'rename' | 'rm' | 'stat'>

interface Layout {
  /** Where each cycle begins, oldest first. */
  readonly starts: number[]
  readonly sizeBytes: number
}

/** A file with nothing to repair in it. */
interface SoundFile extends Layout {
  readonly handle: FileHandle
}

/** The open metrics file, whole and closed: the next cycle goes to its end. */
export interface OpenHistory extends SoundFile {
  readonly device: number
  readonly inode: number
}

/** What opening needs to know. */
export interface OpenOptions {
  readonly path: string
  readonly files: HistoryFiles
  /** Names the moment in the name of a file that is kept aside. */
  readonly nowMs: () => number
  readonly log: Logger
}

/**
 * Opens the metrics file for appending, and repairs it first if it has to be: a torn end is cut off, damaged lines are
 * taken out (the damaged file is kept aside), a file of the predecessor is rewritten line by line, and one that is no
 * JSON array is kept aside. Everything that is done is logged.
 * @throws {AutoscaleError} STATE_INVALID when something else than a file stands there; a system error when it can be neither
 * read nor made.
 */
export async function openHistory(options: OpenOptions): Promise<OpenHistory> {
  await removeTemporaries(dirname(options.path), name => name === basename(options.path))
  const handle = await openOrCreate(options)
  const sound = await closedOnFailure(handle, () => makeSound(handle, options))
  if (sound.handle !== handle) await handle.close()
  return identified(sound)
}

/** Whose file it is, so that another one in its place is noticed. */
export async function identified<Sound extends SoundFile>(sound: Sound) {
  const { dev, ino } = await closedOnFailure(sound.handle, () => sound.handle.stat())
  return { ...sound, device: dev, inode: ino }
}

async function makeSound(handle: FileHandle, options: OpenOptions): Promise<SoundFile> {
  const scan = await scanFile(handle)
  if (scan.kind === 'ours' && scan.damagedLines === 0) return repairTail(handle, scan, options)
  if (scan.kind === 'blank') return begin(handle)
  if (scan.kind === 'foreign') return convert(handle, options)
  return withoutDamage(handle, scan, options)
}

/** Links in the path have been followed: one that is there now was put in its place meanwhile. */
async function openOrCreate({ path, files }: OpenOptions): Promise<FileHandle> {
  try {
    return await openRegularFile(path, { flags: constants.O_RDWR | constants.O_NOFOLLOW, open: files.open })
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    const handle = await files.open(path, 'wx+', 0o640)
    await closedOnFailure(handle, () => handle.chmod(0o640))
    return handle
  }
}

/** Uses a file that is to stay open unless that fails. */
async function closedOnFailure<Result>(handle: FileHandle, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use()
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function begin(handle: FileHandle): Promise<SoundFile> {
  await handle.truncate(0)
  await handle.write(EMPTY, 0)
  return { handle, starts: [], sizeBytes: EMPTY.length }
}

/** Goes through a file from its beginning, without holding it. */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES)
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function scanFile(handle: FileHandle): Promise<FileScan> {
  const scanner = new LineScanner()
  for await (const chunk of chunksOf(handle)) scanner.add(chunk)
  return scanner.finish()
}

/** Cuts off what follows the last sound cycle. A power loss can leave a line whole in length but not in content. */
async function repairTail(handle: FileHandle, scan: FileScan, { path, log }: OpenOptions): Promise<SoundFile> {
  const { size } = await handle.stat()
  const cycles = [...scan.cycles, ...(scan.isClosed ? [] : await cycleBehind(handle, scan, size))]
  const found = cycles.length
  let last = cycles.at(-1)
  while (last !== undefined && (await cycleAt(handle, last)) === undefined) {
    cycles.pop()
    last = cycles.at(-1)
  }
  const starts = cycles.map(({ start }) => start)
  if (scan.isClosed && cycles.length === found) return { handle, starts, sizeBytes: size }
  if (last === undefined) {
    log.warn({ file: path, removed_bytes: size }, 'torn metrics file repaired; no cycle in it was complete')
    return begin(handle)
  }
  await handle.truncate(last.end)
  await handle.write(TAIL, last.end)
  const removedBytes = Math.max(0, size - last.end)
  log.warn({ file: path, removed_bytes: removedBytes, cycles: cycles.length }, 'torn end of the metrics file repaired')
  return { handle, starts, sizeBytes: last.end + TAIL.length }
}

/**
 * The cycle behind the last one that the scan found, when only its line end is damaged: an append that was stopped after
 * its first byte leaves `},]`, and that cycle had been whole before.
 */
async function cycleBehind(handle: FileHandle, { cycles }: FileScan, size: number): Promise<CyclePlace[]> {
  const last = cycles.at(-1)
  const from = last === undefined ? HEAD.length : last.end + SEPARATOR.length
  if (from >= size) return []
  const bytes = Buffer.alloc(Math.min(size - from, MOST_CYCLE_BYTES))
  await handle.read(bytes, 0, bytes.length, from)
  const [line = ''] = bytes.toString('latin1').split('\n', 1)
  const end = line.lastIndexOf('}') + 1
  const isWhole = compactObject(bytes.subarray(0, end)) !== undefined
  return isWhole ? [{ start: from, end: from + end }] : []
}

/** The JSON of a cycle; undefined when it is damaged. */
async function cycleAt(handle: FileHandle, { start, end }: CyclePlace): Promise<string | undefined> {
  if (end - start > MOST_CYCLE_BYTES) return undefined
  const text = Buffer.alloc(end - start)
  await handle.read(text, 0, text.length, start)
  return compactObject(text)
}

/** The JSON of an object on one line; undefined when the text is no JSON object. */
function compactObject(text: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : undefined
  } catch {
    // Not JSON: the caller counts it.
    return undefined
  }
}

/**
 * Puts what `fill` writes into a new file beside the metrics file in the place of that, with its mode and group; leaves none
 * behind when it fails. The old one stays under the name that `fill` gives, if it gives one.
 */
export async function replaceHistory<Filled extends Layout & { readonly keptAs?: string | undefined }>(
  { path, files }: Pick<OpenOptions, 'path' | 'files'>,
  old: FileHandle,
  fill: (replacement: FileHandle) => Promise<Filled>,
): Promise<Filled & SoundFile> {
  const { aside, handle } = await openBeside(path, 0o640, files.open)
  try {
    const filled = await fill(handle)
    await copyOwnership(old, handle)
    await handle.sync()
    if (filled.keptAs !== undefined) await keepUnderName(files, path, filled.keptAs)
    await files.rename(aside, path)
    await syncDirectory(dirname(path))
    if (filled.keptAs !== undefined) await dropOldest(path, filled.keptAs)
    return { ...filled, handle }
  } catch (error) {
    await handle.close()
    await files.rm(aside, { force: true })
    throw error
  }
}

/** A second name first, so that there is a file under the first one at any moment. */
async function keepUnderName(files: HistoryFiles, path: string, aside: string): Promise<void> {
  try {
    await files.link(path, aside)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code !== 'EPERM' && code !== 'EOPNOTSUPP' && code !== 'EMLINK') throw error
    await files.rename(path, aside)
  }
}

/** Bounds the damaged files that are kept of the metrics file at `path`: their names tell their age. */
async function dropOldest(path: string, newest: string): Promise<void> {
  const older = (name: string) => name.startsWith(`${basename(path)}.unreadable-`) && name !== basename(newest)
  await removeFiles(dirname(path), names =>
    names
      .filter(older)
      .sort()
      .slice(0, 1 - MOST_KEPT_ASIDE),
  )
}

/** A replacement keeps mode and group of what it replaces, as far as this user may set them. */
async function copyOwnership(from: FileHandle, to: FileHandle): Promise<void> {
  const { mode, uid, gid } = await from.stat()
  await to.chmod(mode & 0o777)
  try {
    await to.chown(uid, gid)
  } catch (error) {
    // Not root: the file then belongs to this daemon, as a new one does.
    if (systemErrorCode(error) !== 'EPERM') throw error
  }
}

async function withoutDamage(handle: FileHandle, scan: FileScan, options: OpenOptions): Promise<SoundFile> {
  const { keptAs, ...history } = await rewrite(handle, options, soundCycles(handle, scan), () => true)
  options.log.warn(
    { file: options.path, damaged_lines: scan.damagedLines, cycles: history.starts.length, kept_as: keptAs },
    'damaged lines taken out of the metrics file; the damaged file was renamed',
  )
  return history
}

async function* soundCycles(handle: FileHandle, { cycles }: FileScan): AsyncGenerator<string> {
  for (const place of cycles) {
    const json = await cycleAt(handle, place)
    if (json !== undefined) yield json
  }
}

async function convert(handle: FileHandle, options: OpenOptions): Promise<SoundFile> {
  const splitter = new ArraySplitter(MOST_CYCLE_BYTES)
  let unusable = 0
  async function* elements(): AsyncGenerator<string> {
    for await (const chunk of chunksOf(handle)) {
      for (const element of splitter.add(chunk)) {
        const json = compactObject(element)
        if (json === undefined) unusable++
        else yield json
      }
    }
  }
  const isDamaged = () => !splitter.isComplete || unusable > 0
  const { keptAs, ...history } = await rewrite(handle, options, elements(), isDamaged)
  logConversion(options, history.starts.length, keptAs)
  return history
}

/** Writes a file of `cycles` in the place of the old one, which is kept if it proved damaged when all were taken from it. */
function rewrite(
  old: FileHandle,
  options: OpenOptions,
  cycles: AsyncIterable<string>,
  isDamaged: () => boolean,
): Promise<SoundFile & { readonly keptAs: string | undefined }> {
  return replaceHistory(options, old, async replacement => {
    const layout = await writeCycles(replacement, cycles)
    return { ...layout, keptAs: isDamaged() ? await asideName(options) : undefined }
  })
}

async function writeCycles(handle: FileHandle, cycles: AsyncIterable<string>): Promise<Layout> {
  const starts: number[] = []
  let sizeBytes = 0
  const add = async (text: string) => {
    const bytes = Buffer.from(text)
    await writeAll(handle, bytes, sizeBytes)
    sizeBytes += bytes.length
  }
  await add(HEAD)
  for await (const json of cycles) {
    const separator = starts.length === 0 ? '' : SEPARATOR
    starts.push(sizeBytes + separator.length)
    await add(`${separator}${json}`)
  }
  await add(starts.length === 0 ? EMPTY_TAIL : TAIL)
  return { starts, sizeBytes }
}

/** Writes all of `bytes`, in one call unless the kernel takes less. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function logConversion({ path, log }: OpenOptions, cycles: number, aside: string | undefined): void {
  if (aside === undefined) log.info({ file: path, cycles }, 'metrics file rewritten with one cycle per line')
  else if (cycles === 0) log.warn({ file: path, kept_as: aside }, 'metrics file is no JSON array; it was renamed')
  else {
    log.warn(
      { file: path, cycles, kept_as: aside },
      'metrics file rewritten with what could be read of it; the damaged file was renamed',
    )
  }
}

/** A name that is not taken yet. */
async function asideName({ path, nowMs, files }: OpenOptions): Promise<string> {
  const stamp = new Date(nowMs()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  for (let attempt = 1; ; attempt++) {
    const name = `${path}.unreadable-${stamp}${attempt === 1 ? '' : `-${attempt}`}`
    if (!(await exists(files, name))) return name
  }
}

async function exists(files: HistoryFiles, path: string): Promise<boolean> {
  try {
    await files.stat(path)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}
