import { type Fault, nothingToEnd } from './fault.ts'

const MEMORY_MB = [640, 768, 1_024, 1_280, 1_536, 2_048, 3_072]
/** How long the real one takes before it does anything: there is the second in which a person is overwritten. */
const REAL_PCT_MS = 700

export const person: Fault = {
  name: 'person',
  about: 'a person changes cores, cpulimit or memory by hand, at any moment of what the daemons do',
  plan: (random, { vmids }) => {
    const option = random.pick(['-memory', '-cores', '-cpulimit'])
    const value = option === '-memory' ? random.pick(MEMORY_MB) + random.integer(1, 9) : random.integer(1, 6)
    return { forMs: 0, on: { vmid: random.pick(vmids), option, value } }
  },
  // Two changes within one look of the model can be none to it: the container has what it had.
  resources: on => [`container:${on['vmid']}`, 'person'],
  begin: async (site, on) => {
    await site.pct('set', String(on['vmid']), String(on['option']), String(on['value']))
    return nothingToEnd
  },
}

export const personAtOnce: Fault = {
  name: 'person-at-once',
  about: 'a person changes a container as soon as a pct of the API for it has begun: in the same second',
  plan: (random, { vmids }) => ({
    forMs: 9_000,
    // Of those that only the model changes.
    on: {
      vmid: random.pick(vmids.filter((_, at) => at % 2 === 0)),
      memoryMb: random.pick(MEMORY_MB) + random.integer(11, 19),
    },
  }),
  resources: on => [`container:${on['vmid']}`, 'person', 'pct-delay'],
  begin: async (site, on) => {
    const { vmid, memoryMb } = on
    await site.setHost('person', { pctDelayMs: REAL_PCT_MS })
    site.onCommand(`set ${vmid} `, () => site.pct('set', String(vmid), '-memory', String(memoryMb)))
    return () => {
      site.onCommand(`set ${vmid} `, undefined)
      return site.setHost('person', undefined)
    }
  },
}
