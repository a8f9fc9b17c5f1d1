import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AutoscaleError, type Logger, syncDirectory, systemErrorCode } from '@lxc-autoscale/core'
import { type CyclePlace, EMPTY, type FileScan, HEAD, LineScanner, SEPARATOR, TAIL } from './file-layout.ts'
import type { HistoryFiles } from './history-files.ts'
import { ArraySplitter } from './split-json-array.ts'

const CHUNK_BYTES = 1_048_576

/** The open metrics file, whole and closed: the next cycle goes to its end. */
export interface OpenHistory {
  readonly handle: FileHandle
  readonly device: number
  readonly inode: number
  /** Where each cycle begins, oldest first. */
  readonly starts: number[]
  readonly sizeBytes: number
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
 * @throws a system error when the file can be neither read nor made.
 */
export async function openHistory(options: OpenOptions): Promise<OpenHistory> {
  const handle = await openOrCreate(options)
  const sound = await closedOnFailure(handle, () => makeSound(handle, options))
  if (sound.handle !== handle) await handle.close()
  const { dev, ino } = await closedOnFailure(sound.handle, () => sound.handle.stat())
  return { ...sound, device: dev, inode: ino }
}

/** A file with nothing to repair in it. */
type SoundFile = Omit<OpenHistory, 'device' | 'inode'>

async function makeSound(handle: FileHandle, options: OpenOptions): Promise<SoundFile> {
  const scan = await scanFile(handle)
  if (scan.kind === 'ours' && scan.damagedLines === 0) return repairTail(handle, scan, options)
  if (scan.kind === 'blank') return begin(handle)
  if (scan.kind === 'foreign') return convert(handle, options)
  return withoutDamage(handle, scan, options)
}

async function openOrCreate({ path, files }: OpenOptions): Promise<FileHandle> {
  try {
    const handle = await files.open(path, 'r+')
    const found = await closedOnFailure(handle, () => handle.stat())
    if (found.isFile()) return handle
    await handle.close()
    throw notAFile(path)
  } catch (error) {
    if (systemErrorCode(error) === 'EISDIR') throw notAFile(path)
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

function notAFile(path: string): AutoscaleError {
  return new AutoscaleError('CONFIG_INVALID', `${path}: is not a regular file (monitoring.export_file)`)
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
  let lost = 0
  while (cycles.length > 0 && !(await isSound(handle, cycles.at(-1)))) {
    cycles.pop()
    lost++
  }
  const starts = cycles.map(({ start }) => start)
  if (scan.isClosed && lost === 0) return { handle, starts, sizeBytes: size }
  const last = cycles.at(-1)
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
  const bytes = Buffer.alloc(size - from)
  await handle.read(bytes, 0, bytes.length, from)
  const [line = ''] = bytes.toString('latin1').split('\n', 1)
  const end = line.lastIndexOf('}') + 1
  const isWhole = compactObject(bytes.subarray(0, end)) !== undefined
  return isWhole ? [{ start: from, end: from + end }] : []
}

async function isSound(handle: FileHandle, place: CyclePlace | undefined): Promise<boolean> {
  if (place === undefined) return true
  const text = Buffer.alloc(place.end - place.start)
  await handle.read(text, 0, text.length, place.start)
  return compactObject(text) !== undefined
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

/** A new file beside the metrics file, which takes its place when it is complete. */
class ReplacementFile {
  readonly #path: string
  readonly #files: HistoryFiles
  readonly #handle: FileHandle
  readonly #starts: number[] = []
  #position = HEAD.length
  #pending: Uint8Array[] = [Buffer.from(HEAD)]
  #pendingBytes = 0

  private constructor({ path, files }: OpenOptions, handle: FileHandle) {
    this.#path = path
    this.#files = files
    this.#handle = handle
  }

  static async create(options: OpenOptions): Promise<ReplacementFile> {
    return new ReplacementFile(options, await options.files.open(replacementPath(options.path), 'w+', 0o640))
  }

  get cycles(): number {
    return this.#starts.length
  }

  async add(json: string): Promise<void> {
    const separator = this.#starts.length === 0 ? '' : SEPARATOR
    const bytes = Buffer.from(json)
    this.#pending.push(Buffer.from(separator), bytes)
    this.#starts.push(this.#position + separator.length)
    this.#position += separator.length + bytes.length
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > CHUNK_BYTES) await this.#flush()
  }

  /** Puts the new file in the place of the old one; `keepAside` is a name under which the old one stays. */
  async replace(old: FileHandle, keepAside: string | undefined): Promise<SoundFile> {
    const tail = this.#starts.length === 0 ? EMPTY.slice(HEAD.length) : TAIL
    this.#pending.push(Buffer.from(tail))
    await this.#flush()
    await copyOwnership(old, this.#handle)
    await this.#handle.sync()
    if (keepAside !== undefined) await keepUnderName(this.#files, this.#path, keepAside)
    await this.#files.rename(replacementPath(this.#path), this.#path)
    await syncDirectory(dirname(this.#path))
    return { handle: this.#handle, starts: this.#starts, sizeBytes: this.#position + tail.length }
  }

  async abandon(): Promise<void> {
    await this.#handle.close()
    await this.#files.rm(replacementPath(this.#path), { force: true })
  }

  async #flush(): Promise<void> {
    for (const bytes of this.#pending) await this.#handle.write(bytes)
    this.#pending = []
    this.#pendingBytes = 0
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

/** Where a file is written that will take the place of `path`. */
export function replacementPath(path: string): string {
  return `${path}.new`
}

/** A replacement keeps mode and group of what it replaces, as far as this user may set them. */
export async function copyOwnership(from: FileHandle, to: FileHandle): Promise<void> {
  const { mode, uid, gid } = await from.stat()
  await to.chmod(mode & 0o777)
  try {
    await to.chown(uid, gid)
  } catch (error) {
    // Not root: the file then belongs to this daemon, as a new one does.
    if (systemErrorCode(error) !== 'EPERM') throw error
  }
}

/** Writes a new file by `fill`, which puts it in its place; leaves none behind when that fails. */
async function rewrite(
  options: OpenOptions,
  fill: (replacement: ReplacementFile) => Promise<SoundFile>,
): Promise<SoundFile> {
  const replacement = await ReplacementFile.create(options)
  try {
    return await fill(replacement)
  } catch (error) {
    await replacement.abandon()
    throw error
  }
}

function withoutDamage(handle: FileHandle, scan: FileScan, options: OpenOptions): Promise<SoundFile> {
  return rewrite(options, async replacement => {
    for (const place of scan.cycles) {
      const text = Buffer.alloc(place.end - place.start)
      await handle.read(text, 0, text.length, place.start)
      const json = compactObject(text)
      if (json !== undefined) await replacement.add(json)
    }
    const aside = await asideName(options)
    const { cycles } = replacement
    const history = await replacement.replace(handle, aside)
    options.log.warn(
      { file: options.path, damaged_lines: scan.damagedLines, cycles, kept_as: aside },
      'damaged lines taken out of the metrics file; the damaged file was renamed',
    )
    return history
  })
}

function convert(handle: FileHandle, options: OpenOptions): Promise<SoundFile> {
  return rewrite(options, async replacement => {
    const splitter = new ArraySplitter()
    let unusable = 0
    for await (const chunk of chunksOf(handle)) {
      for (const element of splitter.add(chunk)) {
        const json = compactObject(element)
        if (json === undefined) unusable++
        else await replacement.add(json)
      }
    }
    const isWhole = splitter.isComplete && unusable === 0
    const aside = isWhole ? undefined : await asideName(options)
    const { cycles } = replacement
    const history = await replacement.replace(handle, aside)
    logConversion(options, cycles, aside)
    return history
  })
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
