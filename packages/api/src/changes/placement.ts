import { AutoscaleError, type PlacementBody } from '@lxc-autoscale/core'
import {
  availableMb,
  type Balancer,
  type Broadcasts,
  type ClusterMembers,
  type ConfValues,
  type GuestFigures,
  type GuestPlace,
  type HaManager,
  type Limits,
  NO_LIMITS,
  type NodeFigures,
  type Storage,
} from '@lxc-autoscale/host'
import type { SafetySection } from '../config.ts'
import { Ages } from '../host/cluster-view.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import { type CapacityCheck, checkHostCapacity, coreLimit } from './safety-rules.ts'
import { isBalanced } from './wire-allocation.ts'

/** What this node knows of the others. */
export interface ClusterRoom {
  readonly members: ClusterMembers
  readonly places: ReadonlyMap<number, GuestPlace>
  readonly broadcasts: Broadcasts
  readonly ha: HaManager
  readonly balancer: Balancer
  readonly storages: ReadonlyMap<string, Storage>
  readonly nowSeconds: number
  readonly safety: SafetySection
}

/** A container that has no room here, and the size that it should have. */
export interface Homeless {
  readonly facts: Pick<ContainerFacts, 'vmid' | 'configured' | 'status' | 'isHaManaged' | 'haState' | 'values'>
  readonly after: Limits
}

/** Which nodes could carry it by the rules that hold here, and what would move it. Rules of the HA manager are not looked at. */
export function placement({ facts, after }: Homeless, room: ClusterRoom): PlacementBody {
  const { balancer } = room
  const volumes = volumesOf(facts.values)
  const bound = volumes.find(({ storage }) => storage === undefined)
  const candidates = bound === undefined ? candidatesFor({ facts, after }, room) : []
  const isBalancedHere = isBalanced(facts, balancer)
  const target = candidates[0]?.node
  const command = target === undefined ? null : moveCommand(facts, target)
  const copied = [...new Set(volumes.flatMap(({ storage = '' }) => (isShared(storage, room) ? [] : [storage])))]
  const caveats = copied.map(storage => `its disk on ${storage} is not shared, so it is copied while it is stopped`)
  const told = {
    lxc_id: facts.vmid,
    node: nodeOf(facts.vmid, room),
    candidates,
    moved_by_proxmox: isBalancedHere,
    command,
  }
  if (bound !== undefined) {
    const text = `it cannot be moved: ${bound.key} is a folder or device of this node`
    return { ...told, moved_by_proxmox: false, caveats: [], text }
  }
  if (command === null) return { ...told, caveats: [], text: 'no other node could carry it at this moment' }
  return {
    ...told,
    caveats,
    text: [...carriersText(candidates), ...moverText(isBalancedHere, command), ...caveats].join('; '),
  }
}

/** Where it is. */
function nodeOf(vmid: number, { places, members }: ClusterRoom): string {
  return places.get(vmid)?.node ?? members.node
}

/** Other nodes that are named in a sentence. */
const MOST_NAMED = 3

function carriersText(candidates: PlacementBody['candidates']): string[] {
  const [first, ...others] = candidates
  if (first === undefined) return []
  const free = `${first.cores_free} cores and ${first.memory_free_mb} MB free, told ${first.age_seconds} s ago`
  const named = others.slice(0, MOST_NAMED).map(({ node }) => node)
  const unnamed = others.length - named.length
  const more = unnamed > 0 ? [...named, `${unnamed} more`] : named
  return [`node ${first.node} could carry it (${free})${more.length === 0 ? '' : `, and so could ${more.join(', ')}`}`]
}

function moverText(isBalancedHere: boolean, command: string): string[] {
  return [
    ...(isBalancedHere ? ['Proxmox balances its nodes by itself and may move it or another container'] : []),
    `"${command}" moves it, for which it is stopped`,
  ]
}

/** Source: pve-ha-manager, PVE/HA/Resources/PVECT.pm, migrate: a container is stopped, moved and started. */
function moveCommand({ vmid, isHaManaged, haState, status }: Homeless['facts'], node: string): string {
  if (isHaManaged === true && haState !== 'ignored') return `ha-manager relocate ct:${vmid} ${node}`
  return `pct migrate ${vmid} ${node}${status === 'stopped' ? '' : ' --restart'}`
}

function candidatesFor(homeless: Homeless, room: ClusterRoom): PlacementBody['candidates'] {
  const { members, ha, broadcasts } = room
  const own = nodeOf(homeless.facts.vmid, room)
  const ages = new Ages(room)
  const volumes = volumesOf(homeless.facts.values)
  const running = runningByNode(room)
  return [...members.nodes]
    .flatMap(([name, { isOnline }]) => {
      const figures = broadcasts.nodes.get(name)
      const { age_seconds, is_stale } = ages.of(name, figures?.timeSeconds)
      const isUsable = isOnline && name !== own && (ha.nodes.get(name) ?? 'online') === 'online' && !is_stale
      const hasVolumes = volumes.every(({ storage = '' }) => room.storages.get(storage)?.nodes?.has(name) ?? true)
      if (figures === undefined || !isUsable || !hasVolumes) return []
      const free = freeFor(homeless, { figures, running: running.get(name) ?? [] }, room)
      return free === undefined ? [] : [{ node: name, ...free, age_seconds }]
    })
    .sort((a, b) => b.memory_free_mb - a.memory_free_mb)
}

interface Candidate {
  readonly running: readonly GuestFigures[]
  readonly figures: NodeFigures
}

/** What a node has free; undefined when the container has no room there, or that is not known. */
function freeFor(homeless: Homeless, { figures, running }: Candidate, room: ClusterRoom) {
  const { cores, coresUsed, memoryMb } = figures
  const memoryAvailableMb = availableMb(figures)
  if (cores === undefined || coresUsed === undefined || memoryAvailableMb === undefined) return undefined
  const { facts, after } = homeless
  const idleCores = cores - coresUsed
  const others = running.map(guest => givenTo(guest, cores))
  const isCarried = hasRoom({
    ...NEW_THERE,
    vmid: facts.vmid,
    after,
    node: { cores, memoryMb, memoryAvailableMb },
    others,
    safety: room.safety,
  })
  if (!isCarried || neededCores(homeless, cores, room) > idleCores) return undefined
  return { cores_free: Math.floor(10 * idleCores) / 10, memory_free_mb: memoryAvailableMb }
}

/** It has nothing there yet. */
const NEW_THERE = { before: { cores: 0, cpuLimit: undefined, memoryMb: 0, swapMb: 0 } }

function hasRoom(check: CapacityCheck): boolean {
  try {
    checkHostCapacity(check)
    return true
  } catch (error) {
    if (error instanceof AutoscaleError) return false
    throw error
  }
}

/** What grows in cores must find them idle; anything else what it uses now. */
function neededCores({ facts, after }: Homeless, nodeCores: number, { broadcasts }: ClusterRoom): number {
  const needed = coreLimit(after)
  const isGrowing = needed !== undefined && needed > (coreLimit(facts.configured) ?? nodeCores)
  return isGrowing ? needed : (broadcasts.guests.get(facts.vmid)?.coresUsed ?? 0)
}

/** The running containers of each node. */
function runningByNode({ broadcasts, places }: ClusterRoom): ReadonlyMap<string, readonly GuestFigures[]> {
  const byNode = new Map<string, GuestFigures[]>()
  for (const [vmid, guest] of broadcasts.guests) {
    const { node, type } = places.get(vmid) ?? {}
    if (node === undefined || type !== 'lxc' || guest.isRunning !== true) continue
    const others = byNode.get(node)
    if (others === undefined) byNode.set(node, [guest])
    else others.push(guest)
  }
  return byNode
}

/** What it has there. One that has all cores of its node may have no limit at all, and is taken for such. */
function givenTo({ cores = 0, memoryMb }: GuestFigures, nodeCores: number): Limits {
  return { ...NO_LIMITS, cores: cores < nodeCores ? cores : undefined, memoryMb }
}

interface Volume {
  readonly key: string
  /** Undefined: a folder or a device of this node. */
  readonly storage: string | undefined
}

/** Source: pve-container, PVE::LXC::Migrate, prepare: only volumes move, and what is said to be on all nodes. */
function volumesOf(values: ConfValues): Volume[] {
  return [...values].flatMap(([key, value]) => {
    if (!/^(rootfs|mp\d+)$/.test(key) || /(?:^|,)shared=1(?:,|$)/.test(value)) return []
    return [{ key, storage: /^(?:volume=)?([A-Za-z][\w.-]*):/.exec(value)?.[1] }]
  })
}

function isShared(storage: string, { storages }: ClusterRoom): boolean {
  return storages.get(storage)?.isShared === true
}
