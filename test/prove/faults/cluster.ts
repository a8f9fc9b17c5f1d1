import type { Fault } from './fault.ts'

export const noQuorum: Fault = {
  name: 'no-quorum',
  about: 'the cluster loses its quorum and regains it; or /etc/pve is busy, or its daemon is down',
  plan: random => ({ forMs: random.integer(1_000, 6_000), on: { what: random.pick(['quorum', 'busy', 'down']) } }),
  resources: () => ['cluster'],
  begin: async (site, on) => {
    const settings =
      on['what'] === 'quorum'
        ? ({ quorate: false } as const)
        : ({ pmxcfs: on['what'] === 'busy' ? 'busy' : 'down' } as const)
    await site.setHost('cluster', settings)
    return () => site.setHost('cluster', undefined)
  },
}

export const hostMemory: Fault = {
  name: 'host-memory',
  about: "others suddenly take the host's memory",
  plan: (random, { memoryMb }) => ({
    forMs: random.integer(4_000, 12_000),
    on: { otherMb: Math.round(memoryMb * random.pick([0.6, 0.9, 1, 1])) },
  }),
  resources: () => ['host-memory'],
  begin: async (site, on) => {
    await site.setHost('others', { otherMemoryMb: Number(on['otherMb']) })
    return () => site.setHost('others', undefined)
  },
}
