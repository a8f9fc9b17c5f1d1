import { lastingText, localTimeText, MB_PER_GB, visibleText } from '@lxc-autoscale/core/browser'

/** What is not known. */
const UNKNOWN = '–'

type Figure = number | null | undefined

/** Memory as administrators write it: `512 MiB`, `1.5 GiB`. */
export function memoryText(memoryMb: Figure): string {
  if (memoryMb === null || memoryMb === undefined) return UNKNOWN
  const size = Math.abs(memoryMb)
  if (size < MB_PER_GB) return `${Math.round(memoryMb)} MiB`
  if (size < MB_PER_GB * MB_PER_GB) return `${shortNumber(memoryMb / MB_PER_GB)} GiB`
  return `${shortNumber(memoryMb / MB_PER_GB / MB_PER_GB)} TiB`
}

/** A number of cores without a unit: `0.35`, `1.5`, `12`. */
export function coresNumber(cores: Figure): string {
  return cores === null || cores === undefined ? UNKNOWN : shortNumber(cores)
}

/** `1 core`, `1.5 cores`. */
export function coresText(cores: Figure): string {
  const number = coresNumber(cores)
  return number === UNKNOWN ? number : `${number} ${number === '1' ? 'core' : 'cores'}`
}

export function percentText(percent: Figure): string {
  return percent === null || percent === undefined
    ? UNKNOWN
    : `${percent < 10 ? shortNumber(percent) : Math.round(percent)} %`
}

/** `5 min ago`; `in 2 h` of what is to come. */
export function relativeText(timeMs: number, nowMs: number): string {
  const agoMs = nowMs - timeMs
  if (Math.abs(agoMs) < 5_000) return 'just now'
  return agoMs < 0 ? `in ${lastingText(-agoMs)}` : `${lastingText(agoMs)} ago`
}

/** Until when, for people: the time today, with the day otherwise; `for good` for what has no end. */
export function untilText(until: string, nowMs: number): string {
  if (until === 'forever') return 'for good'
  const text = localTimeText(Date.parse(until))
  const [day = '', time = ''] = text.split(' ')
  return `until ${localTimeText(nowMs).startsWith(day) ? time : text}`
}

/** Three digits that say something: `0.35`, `1.5`, `12.3`, `128`. */
function shortNumber(value: number): string {
  const size = Math.abs(value)
  const digits = size < 10 ? 2 : 1
  return String(Number(value.toFixed(size < 100 ? digits : 0)))
}

const size = (memoryMb: string): string => memoryText(Number(memoryMb))

/** What the API says of a change, with memory as administrators write it, and the numbers of changes short: `memory 1 GiB → 1.5 GiB`. */
export function changeText(text: string): string {
  return visibleText(text)
    .replaceAll(/\b(\d+)( -> | of | to )(\d+) MB\b/g, (_, from, way, to) => `${size(from)}${way}${size(to)}`)
    .replaceAll(/\b(\d+) MB, not (\d+)\b/g, (_, least, asked) => `${size(least)}, not ${size(asked)}`)
    .replaceAll(/\b([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (_, begin) => begin)
    .replaceAll(/\b(\d+) MB\b/g, (_, amount) => size(amount))
    .replaceAll(' -> ', ' → ')
}
