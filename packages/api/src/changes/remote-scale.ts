import { AutoscaleError } from '@lxc-autoscale/core'
import { availableMb } from '@lxc-autoscale/host'
import type { ClusterFiles } from '../host/cluster-files.ts'
import { setResourcesOn } from '../pct/commands.ts'
import type { ContainerReader } from '../pct/container-reader.ts'
import type { ScaleParts } from './scale-container.ts'

export interface RemoteParts extends ScaleParts {
  readonly remote: Pick<ContainerReader, 'readOn'>
}

/** Nothing of a container that is elsewhere can be measured here: so none of them is made smaller in memory. */
const NOT_MEASURED: ScaleParts['cgroups'] = {
  memory: () => undefined,
  memoryHold: () => undefined,
  trouble: () => ({ ooms: undefined, stalledPercent: undefined }),
}

/** What a change of a container of another node goes by: the same rules, over what that node told the cluster. */
export function partsOn(node: string, parts: RemoteParts): ScaleParts {
  const { cluster, remote } = parts
  return {
    ...parts,
    cgroups: NOT_MEASURED,
    elsewhere: node,
    setCommand: (...asked) => setResourcesOn(node, ...asked),
    containers: {
      list: async () => containersOn(node, cluster),
      read: async vmid => {
        if (cluster.isNodeOnline(node) !== true) {
          throw new AutoscaleError('NODE_OFFLINE', `node ${node} is offline`, { details: { lxc_id: vmid, node } })
        }
        return remote.readOn(node, vmid)
      },
    },
    readNode: () => {
      const figures = cluster.freshNode(node)
      const { cores, memoryMb } = figures ?? {}
      return { cores, memoryMb, memoryAvailableMb: figures && availableMb(figures) }
    },
    // That is a lock of this node.
    isLocked: undefined,
  }
}

function containersOn(node: string, cluster: ClusterFiles): readonly number[] {
  return [...(cluster.places() ?? [])].flatMap(([vmid, place]) =>
    place.node === node && place.type === 'lxc' ? [vmid] : [],
  )
}
