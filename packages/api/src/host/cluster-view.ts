import type { ClusterContainerBody, ClusterContainersBody, ClusterNodeBody } from '@lxc-autoscale/core'
import type { Broadcasts, ClusterMembers, GuestFigures, GuestPlace, NodeFigures } from '@lxc-autoscale/host'

/** What of the cluster is shown. */
export interface ClusterFacts {
  readonly members: ClusterMembers
  readonly places: ReadonlyMap<number, GuestPlace>
  readonly broadcasts: Broadcasts
  readonly nowSeconds: number
  /** Whether this node is looked after, and what the package of another one says. */
  readonly lookedAfter: (node: string) => Pick<ClusterNodeBody, 'looked_after' | 'looked_after_text'>
  readonly isShown: (vmid: number) => boolean
}

/** Figures that are older are not of now. Source: pvestatd tells them every 10 s, and pmxcfs drops them after 5 minutes. */
const STALE_SECONDS = 120

export function clusterBody(facts: ClusterFacts): ClusterContainersBody {
  const { members, places, broadcasts, isShown } = facts
  const ages = new Ages(facts)
  const containers = [...places]
    .filter(([vmid, { type }]) => type === 'lxc' && isShown(vmid))
    .sort(([a], [b]) => a - b)
    .map(([vmid, { node }]) =>
      containerBody(vmid, node, { figures: broadcasts.guests.get(vmid), ages, isOnline: isOnline(members, node) }),
    )
  const counts = new Map<string, number>()
  for (const { node } of containers) counts.set(node, (counts.get(node) ?? 0) + 1)
  const names = new Set([members.node, ...members.nodes.keys()])
  return {
    name: members.cluster ?? null,
    quorate: members.isQuorate,
    node: members.node,
    nodes: [...names].sort().map(name => ({
      ...nodeBody(name, broadcasts.nodes.get(name)),
      is_own: name === members.node,
      online: isOnline(members, name),
      ...facts.lookedAfter(name),
      containers: counts.get(name) ?? 0,
      ...ages.of(name, broadcasts.nodes.get(name)?.timeSeconds),
    })),
    containers,
  }
}

function isOnline({ node, nodes }: ClusterMembers, name: string): boolean {
  return name === node || nodes.get(name)?.isOnline === true
}

/**
 * How old figures are. The clocks of the nodes differ: a figure of a node is as much older than its newest one as its own clock
 * says, and the newest one as old as ours says.
 */
export class Ages {
  readonly #newest = new Map<string, number>()
  readonly #nowSeconds: number

  constructor({ places, broadcasts, nowSeconds }: Pick<ClusterFacts, 'places' | 'broadcasts' | 'nowSeconds'>) {
    this.#nowSeconds = nowSeconds
    for (const [name, { timeSeconds }] of broadcasts.nodes) this.#see(name, timeSeconds)
    for (const [vmid, { timeSeconds }] of broadcasts.guests) {
      const node = places.get(vmid)?.node
      if (node !== undefined) this.#see(node, timeSeconds)
    }
  }

  of(node: string, timeSeconds: number | undefined): Pick<ClusterNodeBody, 'age_seconds' | 'is_stale'> {
    const newest = this.#newest.get(node)
    if (timeSeconds === undefined || newest === undefined) return { age_seconds: null, is_stale: true }
    const age = Math.max(0, this.#nowSeconds - newest) + newest - timeSeconds
    return { age_seconds: Math.round(age), is_stale: age > STALE_SECONDS }
  }

  #see(node: string, timeSeconds: number): void {
    this.#newest.set(node, Math.max(timeSeconds, this.#newest.get(node) ?? 0))
  }
}

function nodeBody(name: string, figures: NodeFigures | undefined) {
  return {
    name,
    cores: figures?.cores ?? null,
    cores_used: figures?.coresUsed ?? null,
    load: figures?.load1 ?? null,
    memory_mb: figures?.memoryMb ?? null,
    memory_used_mb: figures?.memoryUsedMb ?? null,
  }
}

const STATUS = { true: 'running', false: 'stopped', undefined: 'unknown' } as const

interface Told {
  readonly figures: GuestFigures | undefined
  readonly ages: Ages
  readonly isOnline: boolean
}

/** What ran on a node that is off, or has told nothing for long, may run no more: nobody knows, and Proxmox says so too. */
function containerBody(vmid: number, node: string, { figures, ages, isOnline }: Told): ClusterContainerBody {
  const age = ages.of(node, figures?.timeSeconds)
  return {
    lxc_id: vmid,
    node,
    name: figures?.name ?? null,
    status: isOnline && !age.is_stale ? STATUS[`${figures?.isRunning}`] : 'unknown',
    cores: figures?.cores ?? null,
    cores_used: figures?.coresUsed ?? null,
    memory_mb: figures?.memoryMb ?? null,
    memory_used_mb: figures?.memoryUsedMb ?? null,
    ...age,
  }
}
