import { AutoscaleError, Vmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import { parseState } from './set-aside.ts'

const VERSION = 1
const KIND = 'lxc-autoscale-sizers'

const Header = z.object({ kind: z.literal(KIND), version: z.literal(VERSION), containers: z.int().min(0) })
const Line = z.object({ vmid: Vmid, newestMs: z.number(), sizer: z.unknown() })

/** What is kept of one container. */
export interface SavedSizer {
  /** Time of the newest sample that it has learned: older ones in the metrics file are known to it. */
  readonly newestMs: number
  /** What the sizer gave as its state. */
  readonly sizer: unknown
}

/** What is kept of all containers: a map, or something that makes each entry when it is asked for. */
export interface SavedSizers extends Iterable<readonly [vmid: number, saved: SavedSizer]> {
  readonly size: number
}

/** Lines of text: a header, then one for each container. */
export function* formatSizerState(sizers: SavedSizers): Iterable<string> {
  yield JSON.stringify({ kind: KIND, version: VERSION, containers: sizers.size })
  for (const [vmid, { newestMs, sizer }] of sizers) yield JSON.stringify({ vmid, newestMs, sizer })
}

/**
 * The states by container.
 * @throws {AutoscaleError} STATE_INVALID when `text` is damaged or of another version.
 */
export function parseSizerState(text: string): Map<number, SavedSizer> {
  const [first = '', ...lines] = text.split('\n').filter(line => line !== '')
  const { containers } = parseState(Header, first, 'line 1: ')
  if (lines.length !== containers) {
    throw new AutoscaleError('STATE_INVALID', `${lines.length} containers where the header says ${containers}`)
  }
  return new Map(
    lines.map((line, index) => {
      const { vmid, newestMs, sizer } = parseState(Line, line, `line ${index + 2}: `)
      return [vmid, { newestMs, sizer }]
    }),
  )
}
