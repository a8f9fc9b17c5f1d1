import {
  AutoscaleError,
  ClusterContainersBody,
  type ClusterNodeBody,
  MS_PER_SECOND,
  PlacementBody,
  PlacementQuery,
  successBody,
} from '@lxc-autoscale/core'
import { placementOf } from '../changes/scale-container.ts'
import { withTarget } from '../changes/target.ts'
import { NOTHING_TOLD } from '../host/cluster-files.ts'
import { clusterBody } from '../host/cluster-view.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { mayReach } from '../http/caller.ts'
import type { RouteContext } from './route-context.ts'

/** GET /resource/cluster/containers, /resource/cluster/placement */
export function clusterRoutes(app: ApiApp, context: RouteContext): void {
  app.get(
    '/resource/cluster/containers',
    {
      schema: { response: { 200: successBody(ClusterContainersBody) } },
      config: {
        access: 'read',
        summary: 'All nodes and containers of the cluster, as Proxmox told this node of them; no other node is asked.',
      },
    },
    async request => {
      const { cluster, clock } = context
      const members = cluster.members()
      const places = cluster.places()
      if (members === undefined || places === undefined) {
        throw new AutoscaleError('HOST_UNREADABLE', 'the lists of the cluster cannot be read; is pmxcfs running?')
      }
      const body = clusterBody({
        members,
        places,
        broadcasts: cluster.broadcasts() ?? NOTHING_TOLD,
        nowSeconds: clock.nowMs() / MS_PER_SECOND,
        lookedAfter: node => lookedAfter(node, members.node, context),
        isShown: vmid => mayReach(request.caller, vmid),
      })
      const where = body.name === null ? 'this node, which is in no cluster' : `cluster ${body.name}`
      return success(request, where, body)
    },
  )
  app.get(
    '/resource/cluster/placement',
    {
      schema: {
        querystring: PlacementQuery,
        response: { 200: successBody(PlacementBody) },
      },
      config: {
        access: 'read',
        summary: 'Which other node could carry a container of this node with a size, and what would move it there.',
        example: { lxc_id: 101, memory: 4_096 },
      },
    },
    async request => {
      const { lxc_id: vmid, cores, memory: memoryMb } = request.query
      const facts = await context.containers.read(vmid)
      const after = withTarget(facts.configured, { cores, memoryMb })
      const found = placementOf({ facts, after }, context)
      const text = found?.text ?? 'there is no other node'
      return success(request, `container ${vmid}: ${text}`, found ?? nowhere(vmid, context))
    },
  )
}

function nowhere(vmid: number, { cluster }: RouteContext): PlacementBody {
  const nobody = { candidates: [], moved_by_proxmox: false, command: null, caveats: [] }
  return { lxc_id: vmid, node: cluster.members()?.node ?? '', ...nobody, text: '' }
}

/** Of another node only that is known which its package left in the files of the cluster; whether it runs there nobody tells. */
function lookedAfter(
  node: string,
  own: string,
  { deciding, cluster }: RouteContext,
): Pick<ClusterNodeBody, 'looked_after' | 'looked_after_text'> {
  if (node === own) {
    const verdict = deciding.verdict()
    const isRunning = verdict === undefined || verdict.state === 'deciding'
    return {
      looked_after: isRunning ? 'running' : 'not_deciding',
      looked_after_text: verdict?.text ?? 'the API runs; whether the model decides is not looked at',
    }
  }
  const version = cluster.installedOn(node)
  if (version === undefined) return { looked_after: 'no_sign', looked_after_text: 'no sign of LXC AutoScale ML there' }
  return { looked_after: 'installed', looked_after_text: `installed there: ${version}; whether it runs is not told` }
}
