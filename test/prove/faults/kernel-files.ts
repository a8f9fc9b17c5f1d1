import { existsSync, readFileSync, renameSync } from 'node:fs'
import { writeOver } from '../write-over.ts'
import type { Fault } from './fault.ts'

const OF_CONTAINER = [
  'memory.stat',
  'memory.current',
  'memory.pressure',
  'cpu.stat',
  'cpu.pressure',
  'io.stat',
  'memory.peak',
] as const
const OF_HOST = ['proc/meminfo', 'proc/stat', 'proc/loadavg', 'proc/diskstats'] as const
/** The pretend kernel itself cannot be without them. */
const MISSED_BY_PCT: ReadonlySet<string> = new Set(['memory.stat', 'memory.current', 'cpu.stat', ...OF_HOST])
const SAYINGS = ['missing', 'empty', 'garbled', 'impossible', 'cut'] as const

export const kernelFiles: Fault = {
  name: 'kernel-files',
  about: 'a file of the kernel is missing, empty, garbled, cut, or says what cannot be',
  plan: (random, { vmids }) => {
    const isOfHost = random.isLucky(0.25)
    const file = isOfHost ? random.pick(OF_HOST) : random.pick(OF_CONTAINER)
    const says = random.pick(MISSED_BY_PCT.has(file) ? SAYINGS.slice(1) : SAYINGS)
    return { forMs: random.integer(2_500, 6_000), on: { vmid: isOfHost ? 0 : random.pick(vmids), file, says } }
  },
  resources: on => [on['vmid'] === 0 ? 'host-files' : `container:${on['vmid']}`],
  begin: async (site, on) => {
    const { root, paths } = site.host
    const path = on['vmid'] === 0 ? `${root}/${on['file']}` : `${paths.cgroup}/lxc/${on['vmid']}/${on['file']}`
    if (!existsSync(path)) return () => undefined
    if (on['says'] === 'missing') {
      const aside = `${site.asideDirectory}/${on['vmid']}.${on['file']}`
      renameSync(path, aside)
      return () => {
        if (existsSync(aside) && !existsSync(path)) renameSync(aside, path)
      }
    }
    const text = readFileSync(path, 'utf8')
    site.kernelTexts.set(path, said(String(on['says']), text))
    return () => {
      site.kernelTexts.delete(path)
      writeOver(path, text)
    }
  },
}

/** What the file says instead of `text`. */
function said(how: string, text: string): string {
  if (how === 'empty') return ''
  if (how === 'cut') return text.slice(0, Math.floor(text.length / 3))
  if (how === 'garbled') return text.replace(/\d/g, '#')
  // The negative of a small number, as a counter that underflowed shows it.
  return text.replace(/\d+/g, '18446744073709547520')
}
