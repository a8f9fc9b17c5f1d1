import { AutoscaleError } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { Containers } from '../ports.ts'

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
