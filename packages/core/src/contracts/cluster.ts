import { z } from 'zod'
import { WireCores, WireMemoryMb, WireVmid } from './wire-values.ts'

/**
 * What this node sees of its cluster, without asking another node: from the lists that Proxmox keeps on every node. Null is "not known".
 * The figures are those that each node told the others, by its own clock.
 */

const figure = z.number().nullable()

const age = {
  age_seconds: figure.describe('How old the figures are; null when there are none.'),
  is_stale: z.boolean().describe('They are too old to be of now, or there are none.'),
}

/** `running`, `not_deciding`: this node. `installed`: the package there says so. `no_sign`: nothing says so. */
const LOOKED_AFTER = ['running', 'not_deciding', 'installed', 'no_sign'] as const

/** One node. */
export const ClusterNodeBody = z.object({
  name: z.string(),
  is_own: z.boolean().describe('It is the node that answers.'),
  online: z.boolean(),
  looked_after: z.enum(LOOKED_AFTER),
  looked_after_text: z.string(),
  cores: figure,
  cores_used: figure,
  load: figure.describe('Load average of one minute.'),
  memory_mb: figure,
  memory_used_mb: figure,
  containers: z.number().describe('Those that the caller may see.'),
  ...age,
})
export type ClusterNodeBody = z.output<typeof ClusterNodeBody>

/** One container, wherever it is. */
export const ClusterContainerBody = z.object({
  lxc_id: z.number(),
  node: z.string(),
  name: z.string().nullable(),
  status: z.enum(['running', 'stopped', 'unknown']),
  cores: figure.describe('What it may use at most.'),
  cores_used: figure,
  memory_mb: figure,
  memory_used_mb: figure,
  ...age,
})
export type ClusterContainerBody = z.output<typeof ClusterContainerBody>

/** `GET /resource/cluster/containers`. */
export const ClusterContainersBody = z.object({
  name: z.string().nullable().describe('Null on a node without a cluster.'),
  quorate: z.boolean(),
  node: z.string().describe('The node that answers.'),
  nodes: z.array(ClusterNodeBody),
  containers: z.array(ClusterContainerBody),
})
export type ClusterContainersBody = z.output<typeof ClusterContainersBody>

/** The query of `GET /resource/cluster/placement`; what is left out stays as it is. */
export const PlacementQuery = z.object({
  lxc_id: WireVmid,
  cores: WireCores.optional(),
  memory: WireMemoryMb.optional(),
})

/** `GET /resource/cluster/placement`: who could carry a container that has no room where it is. Nothing is moved by us. */
export const PlacementBody = z.object({
  lxc_id: z.number(),
  node: z.string().describe('Where it is.'),
  candidates: z
    .array(z.object({ node: z.string(), cores_free: z.number(), memory_free_mb: z.number(), age_seconds: figure }))
    .describe('The nodes that could carry it with that size, the one with the most memory left first.'),
  moved_by_proxmox: z.boolean().describe('Proxmox balances its nodes by itself and may move it, or another one.'),
  command: z.string().nullable().describe('What moves it to the first of them; it is restarted by that.'),
  caveats: z.array(z.string()).describe('What to know before it is moved.'),
  text: z.string().describe('All of it in a sentence; empty on a node without a cluster.'),
})
export type PlacementBody = z.output<typeof PlacementBody>
