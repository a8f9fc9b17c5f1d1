import { z } from 'zod'

/**
 * What `pct` prints of the data that the REST interface answers with, as far as somebody reads it: both come from the same code of
 * Proxmox, so that there is one reader of each. Source: PVE::CLI::pct.
 */

/** Proxmox gives numbers and texts for one another. */
const Word = z.union([z.string(), z.number()]).transform(String)
const Listed = z.object({ vmid: Word, status: z.string(), name: z.string().catch('') })
const Snapshot = z.object({
  name: z.string(),
  snaptime: z.coerce.number().optional(),
  description: z.string().optional(),
  parent: z.string().optional(),
})
type Snapshot = z.output<typeof Snapshot>

/** Rows of `pct list`; what is no container is left out. */
export function printedList(data: unknown): string {
  return lines([
    'VMID Status Lock Name',
    ...rows(Listed, data).map(
      ({ vmid, status, name }) => `${vmid} ${status} ${name.replaceAll(/\s/g, '') || `CT${vmid}`}`,
    ),
  ])
}

export function printedStatus(data: unknown): string {
  return `status: ${z.object({ status: z.string() }).safeParse(data).data?.status ?? ''}\n`
}

/** A line for each key, the raw lines of LXC last. */
export function printedConfig(data: unknown): string {
  const values = z.record(z.string(), z.unknown()).safeParse(data).data ?? {}
  const words = Object.entries(values).flatMap(([key, value]) => {
    const text = key === 'digest' ? undefined : Word.safeParse(value).data
    return text === undefined ? [] : [[key, text] as const]
  })
  const raw = rows(z.tuple([Word, Word]), values['lxc'])
  return lines([...words, ...raw].map(([key, text]) => `${key}: ${oneLine(text)}`))
}

/** Source: PVE::Tools, encode_text. */
function oneLine(text: string): string {
  return text.replaceAll(/[%\n]/g, character => (character === '\n' ? '%0A' : '%25'))
}

/** The tree of `pct listsnapshot`: a snapshot stands below the one that it was made after. */
export function printedSnapshots(data: unknown): string {
  const snapshots = rows(Snapshot, data)
  const names = new Set(snapshots.map(({ name }) => name))
  const below = (parent: string | undefined, depth: number): string[] =>
    snapshots
      .filter(each => (each.parent !== undefined && names.has(each.parent) ? each.parent : undefined) === parent)
      .flatMap(each => [snapshotLine(each, depth), ...(depth < snapshots.length ? below(each.name, depth + 1) : [])])
  return lines(below(undefined, 0))
}

function snapshotLine({ name, snaptime, description = '' }: Snapshot, depth: number): string {
  const time = snaptime === undefined || name === 'current' ? '' : localTime(snaptime)
  return `${' '.repeat(depth)}\`-> ${name} ${time} ${description.split('\n')[0] || 'no-description'}`
}

/** `YYYY-MM-DD HH:MM:SS` as this node's clock shows it. */
function localTime(seconds: number): string {
  const date = new Date(seconds * 1_000)
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19).replace('T', ' ')
}

function rows<Row>(schema: z.ZodType<Row>, data: unknown): Row[] {
  return Array.isArray(data) ? data.flatMap(each => schema.safeParse(each).data ?? []) : []
}

function lines(texts: readonly string[]): string {
  return texts.map(text => `${text}\n`).join('')
}
