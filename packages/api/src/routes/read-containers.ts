import { AutoscaleError } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { Containers } from '../ports.ts'
import type { RouteContext } from './route-context.ts'

/** The containers of this node that can be read; none when the host cannot be, which the health checks tell. */
export async function readContainers(containers: Containers): Promise<readonly ContainerFacts[]> {
  try {
    const vmids = await containers.list()
    const facts = await Promise.all(vmids.map(vmid => containers.read(vmid).catch(() => undefined)))
    return facts.filter(fact => fact !== undefined)
  } catch (error) {
    if (error instanceof AutoscaleError) return []
    throw error
  }
}

/**
 * The containers of this node. What is on no node of the cluster any more is forgotten, so that another container that gets
 * its number one day has a past of its own.
 */
export async function listContainers({
  containers,
  cluster,
  audit,
}: Pick<RouteContext, 'containers' | 'cluster' | 'audit'>): Promise<readonly number[]> {
  const vmids = await containers.list()
  const here = new Set(vmids)
  audit.installSizes.forgetGone(vmid => here.has(vmid) || cluster.mayHave(vmid))
  return vmids
}
