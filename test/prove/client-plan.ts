import type { Seeded } from './seeded.ts'

/** A request of the random client, and how often it is sent. */
export interface PlannedRequest {
  readonly number: number
  readonly atMs: number
  readonly path: string
  readonly vmid: number
  readonly body: Readonly<Record<string, unknown>>
  /** Sent a second time without waiting for the answer. */
  readonly isDoubled: boolean
  /** Sent again with the same key after an answer that says that it is done. */
  readonly isRepeated: boolean
}

type Planned = Pick<PlannedRequest, 'path' | 'body'>

const MEMORY_MB = [96, 128, 200, 256, 384, 512, 640, 768, 1_024, 1_280, 1_536, 2_048, 3_072]

/** What people and programs ask of the API, each with the share of its turn. */
const KINDS: readonly ((random: Seeded, vmid: number, number: number) => Planned)[] = [
  (random, vmid) => ({ path: '/scale/ram', body: { lxc_id: vmid, memory: random.pick(MEMORY_MB) } }),
  (random, vmid) => ({ path: '/scale/ram', body: { lxc_id: vmid, memory: random.pick(MEMORY_MB) } }),
  (random, vmid) => ({ path: '/scale/cores', body: { lxc_id: vmid, cores: random.integer(1, 6) } }),
  (random, vmid) => ({
    path: '/scale/resources',
    body: { lxc_id: vmid, cores: random.integer(1, 4), memory: random.pick(MEMORY_MB) },
  }),
  // Each grows by another size, so that one that is done twice shows.
  (_random, vmid, number) => ({ path: '/scale/storage/increase', body: { lxc_id: vmid, disk_size: number } }),
  (_random, vmid, number) => ({ path: '/scale/storage/increase', body: { lxc_id: vmid, disk_size: number } }),
  (_random, vmid, number) => ({
    path: '/snapshot/create',
    body: { lxc_id: vmid, snapshot_name: `prove${number}` },
  }),
  (_random, vmid, number) => ({
    path: '/clone/create',
    body: { lxc_id: vmid, new_lxc_id: 5_000 + number, new_lxc_name: `clone-${number}` },
  }),
]

/** Pure. Only every other container is touched by the client: the rest is for the model alone. */
export function planRequests(random: Seeded, vmids: readonly number[], durationMs: number): readonly PlannedRequest[] {
  const own = vmids.filter((_, at) => at % 2 === 1)
  const planned: PlannedRequest[] = []
  let atMs = 1_500
  for (let number = 1; atMs < durationMs; number++) {
    const vmid = random.pick(own.length > 0 ? own : vmids)
    const { path, body } = random.pick(KINDS)(random, vmid, number)
    const isDoubled = random.isLucky(0.2)
    planned.push({
      number,
      atMs: Math.round(atMs),
      path,
      vmid,
      body,
      isDoubled,
      isRepeated: random.isLucky(0.3),
    })
    atMs += random.integer(300, 1_500)
  }
  return planned
}
