import { AutoscaleError, type MetricsPlace, Vmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import { parseState } from './set-aside.ts'

const VERSION = 1
const KIND = 'lxc-autoscale-sizers'

/** A moment by steady time, and the same as seconds since a boot of the host: between processes the one follows from the other. */
const SavedMoment = z.object({ ms: z.number(), boot: z.object({ id: z.string(), seconds: z.number() }) })
export type SavedMoment = z.output<typeof SavedMoment>

/** A place in the metrics file (`MetricsFileSource`); what stands before it, everything that is saved knows. */
const SavedPlace = z.object({ offset: z.int().min(0), anchor: z.base64().min(4).max(4_096) })

const Header = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  containers: z.int().min(0),
  // Earlier versions went by the clock alone.
  moment: SavedMoment.optional(),
  place: SavedPlace.optional(),
})
const Line = z.object({ vmid: Vmid, newestMs: z.number(), sizer: z.unknown() })

/** What is kept of one container. */
export interface SavedSizer {
  /** Mark of the newest sample that it has learned: older ones in the metrics file are known to it. */
  readonly newestMs: number
  /** What the sizer gave as its state. */
  readonly sizer: unknown
}

/** What is to be kept of all containers: a map, or something that makes each entry when it is asked for. */
export interface SavedSizers extends Iterable<readonly [vmid: number, saved: SavedSizer]> {
  readonly size: number
}

/** What was kept. */
export interface LoadedSizers {
  readonly sizers: ReadonlyMap<number, SavedSizer>
  /** When it was saved. */
  readonly moment: SavedMoment | undefined
  /** Where reading the metrics file may begin; undefined: at its beginning. */
  readonly place?: MetricsPlace | undefined
  /** Something was kept, and cannot be found or used any more. */
  readonly isLost: boolean
}

/** Lines of text: a header, then one for each container. */
export function* formatSizerState(sizers: SavedSizers, moment: SavedMoment, at?: MetricsPlace): Generator<string> {
  const place = at && { offset: at.offset, anchor: Buffer.from(at.anchor).toString('base64') }
  yield JSON.stringify({ kind: KIND, version: VERSION, containers: sizers.size, moment, place })
  for (const [vmid, { newestMs, sizer }] of sizers) yield JSON.stringify({ vmid, newestMs, sizer })
}

/**
 * The states by container.
 * @throws {AutoscaleError} STATE_INVALID when `text` is damaged or of another version.
 */
export function parseSizerState(text: string): LoadedSizers {
  const [first = '', ...lines] = text.split('\n').filter(line => line !== '')
  const { containers, moment, place: at } = parseState(Header, first, 'line 1: ')
  if (lines.length !== containers) {
    throw new AutoscaleError('STATE_INVALID', `${lines.length} containers where the header says ${containers}`)
  }
  const sizers = new Map(
    lines.map((line, index) => {
      const { vmid, newestMs, sizer } = parseState(Line, line, `line ${index + 2}: `)
      return [vmid, { newestMs, sizer }]
    }),
  )
  const place = at && { offset: at.offset, anchor: Buffer.from(at.anchor, 'base64') }
  return { sizers, moment, place, isLost: false }
}
