import { BYTES_PER_GB, BYTES_PER_MB, type ClusterStatusBody, type NodeStatusBody } from '@lxc-autoscale/core'
import { z } from 'zod'

/** pvesh gives numbers now and then as text. */
const Figure = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .nullish()
  .catch(null)
const Sizes = z.object({ total: Figure, used: Figure, free: Figure, available: Figure }).partial().catch({})
const NodeStatus = z.object({
  uptime: Figure,
  loadavg: z.array(Figure).catch([]),
  cpuinfo: z.object({ cpus: Figure }).partial().catch({}),
  memory: Sizes.default({}),
  swap: Sizes.default({}),
  rootfs: Sizes.default({}),
  kversion: z.string().optional().catch(undefined),
  pveversion: z.string().optional().catch(undefined),
})

/** What `pvesh get /nodes/NODE/status` printed; undefined when it is not that. Its `cpu` is always 0 and is left out. */
export function nodeStatusBody(node: string, printed: unknown): NodeStatusBody | undefined {
  const { data } = NodeStatus.safeParse(printed)
  if (data === undefined) return undefined
  const { uptime, loadavg, cpuinfo, memory, swap, rootfs, kversion, pveversion } = data
  return {
    node,
    uptime_seconds: uptime ?? null,
    cores: cpuinfo.cpus ?? null,
    load: loadavg.flatMap(load => load ?? []),
    memory_total_mb: inUnits(memory.total, BYTES_PER_MB),
    memory_used_mb: inUnits(memory.used, BYTES_PER_MB),
    memory_available_mb: inUnits(memory.available, BYTES_PER_MB),
    swap_total_mb: inUnits(swap.total, BYTES_PER_MB),
    swap_used_mb: inUnits(swap.used, BYTES_PER_MB),
    rootfs_total_gb: inUnits(rootfs.total, BYTES_PER_GB),
    rootfs_used_gb: inUnits(rootfs.used, BYTES_PER_GB),
    kernel: kversion ?? null,
    pve_version: pveversion ?? null,
  }
}

function inUnits(bytes: number | null | undefined, unit: number): number | null {
  return bytes === null || bytes === undefined ? null : Math.round((bytes / unit) * 100) / 100
}

const ClusterEntry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('cluster'), name: z.string(), quorate: Figure }),
  z.object({
    type: z.literal('node'),
    name: z.string(),
    nodeid: Figure,
    ip: z.string().nullish(),
    online: Figure,
    local: Figure,
  }),
])

/** What `pvesh get /cluster/status` printed; undefined when it is not that. A node without a cluster is alone in it, and quorate. */
export function clusterStatusBody(printed: unknown): ClusterStatusBody | undefined {
  const { data } = z.array(ClusterEntry).safeParse(printed)
  if (data === undefined) return undefined
  const cluster = data.find(entry => entry.type === 'cluster')
  return {
    name: cluster?.name ?? null,
    quorate: cluster === undefined || cluster.quorate === 1,
    nodes: data
      .filter(entry => entry.type === 'node')
      .map(({ name, nodeid, ip, online, local }) => ({
        name,
        node_id: nodeid ?? null,
        ip: ip ?? null,
        online: online !== 0,
        local: local === 1,
      })),
  }
}
