import { lastingText, MS_PER_DAY, MS_PER_SECOND, type PreviewedContainer } from '@lxc-autoscale/core'

type NotedContainer = Pick<PreviewedContainer, 'known' | 'cores' | 'memory_mb' | 'curves'>

/** What the figures are made of, and what they do not tell. */
export function notesOf(containers: readonly NotedContainer[], days: number): string[] {
  if (containers.length === 0) return []
  return [
    `From what Proxmox has kept: ${coarsenessText(containers)}. Of a step longer than a minute its mean and its highest minute are known, not when that was and how it came to it: a rise is taken to be sudden, and being short to last for a minute at least.`,
    `It begins ${lastingText(days * MS_PER_DAY)} ago and knows nothing then: what comes once a day or a week finds it unprepared the first time${firstDayText(containers)}. Begun now, it knows this past.`,
    'Not known: what a container would have used had it had more, its shared memory and tmpfs (Proxmox does not count them), and whether the host had room for all of it at once.',
  ]
}

/** How much of what went wrong did so since nothing was known yet. */
function firstDayText(containers: readonly NotedContainer[]): string {
  const all = containers.flatMap(({ cores, memory_mb: memory, curves }) =>
    [...cores.short, ...memory.short].map(({ since }) => Date.parse(since) - Date.parse(curves.since)),
  )
  const first = all.filter(ageMs => ageMs < MS_PER_DAY).length
  return first === 0
    ? ''
    : ` (${first} of the ${all.length} times that it would have been too little were on a first day)`
}

/** Share of the longest span; less is where two archives of Proxmox meet. */
const WORTH_TELLING = 0.02

const STEP_WORDS: ReadonlyMap<number, string> = new Map([
  [60, 'minutes'],
  [1_800, 'half hours'],
])

/** `1 day in minutes, 29 days in half hours`: the most of any container. */
function coarsenessText(containers: readonly Pick<PreviewedContainer, 'known'>[]): string {
  const mostOf = new Map<number, number>()
  for (const { step_seconds: step, seconds } of containers.flatMap(({ known }) => known)) {
    mostOf.set(step, Math.max(seconds, mostOf.get(step) ?? 0))
  }
  const longest = Math.max(...mostOf.values())
  return [...mostOf]
    .filter(([, seconds]) => seconds >= WORTH_TELLING * longest)
    .sort(([a], [b]) => a - b)
    .map(([step, seconds]) => `${lastingText(seconds * MS_PER_SECOND)} in ${stepText(step)}`)
    .join(', ')
}

function stepText(step: number): string {
  return STEP_WORDS.get(step) ?? `steps of ${lastingText(step * MS_PER_SECOND)}`
}
