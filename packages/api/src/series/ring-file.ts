import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { MS_PER_DAY, MS_PER_MINUTE, openRegularFile, systemErrorCode } from '@lxc-autoscale/core'
import { COLUMN_COUNT } from './columns.ts'
import { decodeFigure, UNKNOWN_CODE } from './figure-code.ts'

/** Steps of one length: each has the place in the file that its number says, over and over again. */
export interface Tier {
  readonly stepMs: number
  readonly slots: number
  /** Where in the file it begins. */
  readonly offset: number
}

/** A record, in words of 16 bits: the number of its slot, a code for each column, a checksum. */
const SLOT_WORDS = 2
const CHECKED_WORDS = SLOT_WORDS + COLUMN_COUNT
const RECORD_WORDS = CHECKED_WORDS + 1
export const RECORD_BYTES = RECORD_WORDS * Uint16Array.BYTES_PER_ELEMENT

const MINUTE_SLOTS = (2 * MS_PER_DAY) / MS_PER_MINUTE
const TEN_MINUTES_MS = 10 * MS_PER_MINUTE

export const MINUTES: Tier = { stepMs: MS_PER_MINUTE, slots: MINUTE_SLOTS, offset: 0 }
export const TEN_MINUTES: Tier = {
  stepMs: TEN_MINUTES_MS,
  slots: (60 * MS_PER_DAY) / TEN_MINUTES_MS,
  offset: MINUTE_SLOTS * RECORD_BYTES,
}

/** Is part of each checksum, so that records of another form are not known. One more when COLUMNS or the codes change. */
const FORM = 1

export interface RingRecord {
  readonly tier: Tier
  /** Steps since 1970. */
  readonly slot: number
  /** One for each column. */
  readonly codes: ArrayLike<number>
}

/**
 * The downsampled history of one container, of fixed size. A record names its slot and has a checksum: one that is torn, or of
 * another time, is not known, so that nothing needs to be mended after a crash, and a step of the clock takes only the places
 * of what is written at the wrong time. It is written in place, so a link that stands there is not followed: what it leads to
 * would be overwritten.
 */
export class RingFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Rejects with the system's error. */
  async write(records: readonly RingRecord[]): Promise<void> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    const handle = await openRegularFile(this.path, { flags, mode: 0o640 })
    try {
      for (const { position, bytes } of pieces(records)) await writeAll(handle, bytes, position)
    } finally {
      await handle.close()
    }
  }

  /**
   * Hands over what is known of the slots from `from` to before `to`, oldest first; `values` is another's after that.
   * Rejects with the system's error; nothing is known when there is no file.
   */
  async read(
    { slots, offset }: Tier,
    [from, to]: readonly [from: number, to: number],
    take: (slot: number, values: Float64Array) => void,
  ): Promise<void> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW
    const handle = await openRegularFile(this.path, { flags }).catch(error => {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (handle === undefined) return
    try {
      const values = new Float64Array(COLUMN_COUNT)
      // None is before 1970, where a host without a clock may begin.
      for (let slot = Math.max(0, from, to - slots); slot < to; ) {
        // To the end of the ring at the most; it goes on at its begin.
        const end = Math.min(to, slot + slots - (slot % slots))
        const words = new Uint16Array((end - slot) * RECORD_WORDS)
        await handle.read(words, 0, words.byteLength, offset + (slot % slots) * RECORD_BYTES)
        for (let at = 0; slot < end; slot++, at += RECORD_WORDS) {
          if (readRecord(words, { at, slot }, values)) take(slot, values)
        }
      }
    } finally {
      await handle.close()
    }
  }
}

interface Piece {
  readonly position: number
  readonly bytes: Buffer
}

/** The records as they stand in the file, those that stand side by side as one piece. */
function pieces(records: readonly RingRecord[]): Piece[] {
  const places = records
    .map(record => ({ record, position: record.tier.offset + (record.slot % record.tier.slots) * RECORD_BYTES }))
    .sort((a, b) => a.position - b.position)
  const found: { readonly position: number; readonly parts: Uint8Array[] }[] = []
  for (const { record, position } of places) {
    const last = found.at(-1)
    const part = formatRecord(record)
    if (last !== undefined && last.position + last.parts.length * RECORD_BYTES === position) last.parts.push(part)
    else found.push({ position, parts: [part] })
  }
  return found.map(({ position, parts }) => ({ position, bytes: Buffer.concat(parts) }))
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

/** Every architecture of Proxmox stores the lower byte first. */
function formatRecord({ slot, codes }: RingRecord): Uint8Array {
  const words = new Uint16Array(RECORD_WORDS)
  words[0] = slot & 0xffff
  words[1] = slot >>> 16
  words.set(codes, SLOT_WORDS)
  words[CHECKED_WORDS] = checksum(words, 0)
  return new Uint8Array(words.buffer)
}

/** Whether the record at `at` is whole and that of `slot`; then `values` are its. */
function readRecord(words: Uint16Array, { at, slot }: { at: number; slot: number }, values: Float64Array): boolean {
  if (words[at] !== (slot & 0xffff) || words[at + 1] !== slot >>> 16) return false
  if (words[at + CHECKED_WORDS] !== checksum(words, at)) return false
  for (let column = 0; column < COLUMN_COUNT; column++) {
    values[column] = decodeFigure(words[at + SLOT_WORDS + column] ?? UNKNOWN_CODE)
  }
  return true
}

/** Source: FNV-1a with words for bytes, folded to 16 bits: http://www.isthe.com/chongo/tech/comp/fnv */
function checksum(words: Uint16Array, at: number): number {
  let hash = FNV_OFFSET_BASIS ^ FORM
  for (let word = at; word < at + CHECKED_WORDS; word++) hash = Math.imul(hash ^ (words[word] ?? 0), FNV_PRIME)
  return (hash >>> 16) ^ (hash & 0xffff)
}

const FNV_OFFSET_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193
