import { hostname } from 'node:os'
import { AutoscaleError, ClusterStatusBody, NodeStatusBody, parseJson, successBody } from '@lxc-autoscale/core'
import { z } from 'zod'
import { clusterStatusBody, nodeStatusBody } from '../host/node-status.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { readClusterStatus, readNodeStatus } from '../pct/commands.ts'
import type { HostCommand } from '../ports.ts'
import type { RouteContext } from './route-context.ts'

/** How long an answer of pvesh, which takes a second, is given to others who ask the same. */
const KEPT_MS = 2_000

const NodeName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'must be the name of a node')

/** GET /resource/node/status, /resource/cluster/status */
export function nodeRoutes(app: ApiApp, context: RouteContext): void {
  const ask = keepFor(context)
  app.get(
    '/resource/node/status',
    {
      schema: {
        querystring: z.object({ node_name: NodeName.optional().describe('This node when left out.') }),
        response: { 200: successBody(NodeStatusBody) },
      },
      config: { access: 'read', summary: 'What a node of the cluster has and uses.' },
    },
    async request => {
      const node = request.query.node_name ?? ownNode(context)
      const body = nodeStatusBody(node, await askAbout(node, context, ask))
      if (body === undefined) throw notUnderstood('the status of the node')
      return success(request, `status of node ${node}`, body)
    },
  )
  app.get(
    '/resource/cluster/status',
    {
      schema: { response: { 200: successBody(ClusterStatusBody) } },
      config: { access: 'read', summary: 'The nodes of the cluster and whether they have quorum.' },
    },
    async request => {
      const body = clusterStatusBody(await ask(readClusterStatus()))
      if (body === undefined) throw notUnderstood('the status of the cluster')
      return success(request, body.name === null ? 'this node is in no cluster' : `cluster ${body.name}`, body)
    },
  )
}

/** Name of this node. */
export function ownNode({ config, cluster }: Pick<RouteContext, 'config' | 'cluster'>): string {
  return config.lxc.node ?? cluster.members()?.node ?? hostname().split('.')[0] ?? 'localhost'
}

/** Asks another node through this one, which takes long to find out that it is away. A node of the cluster is never unknown. */
async function askAbout(
  node: string,
  { cluster }: RouteContext,
  ask: (command: HostCommand) => Promise<unknown>,
): Promise<unknown> {
  const isOnline = cluster.isNodeOnline(node)
  if (isOnline === false) throw new AutoscaleError('NODE_OFFLINE', `node ${node} is offline`, { details: { node } })
  try {
    return await ask(readNodeStatus(node))
  } catch (error) {
    if (isOnline === undefined || !(error instanceof AutoscaleError) || error.code !== 'NODE_NOT_FOUND') throw error
    throw new AutoscaleError('NODE_OFFLINE', error.message, { details: error.details, cause: error })
  }
}

function notUnderstood(what: string): AutoscaleError {
  return new AutoscaleError('PCT_FAILED', `pvesh printed something that is not ${what}`)
}

/** Asks pvesh once for all who ask the same within a short time. */
function keepFor({ clock, commands }: RouteContext): (command: HostCommand) => Promise<unknown> {
  const kept = new Map<string, { readonly startedMs: number; readonly printed: Promise<unknown> }>()
  return command => {
    const name = command.args.join(' ')
    const nowMs = clock.monotonicMs()
    const known = kept.get(name)
    if (known !== undefined && nowMs - known.startedMs < KEPT_MS) return known.printed
    for (const [old, { startedMs }] of kept) if (nowMs - startedMs >= KEPT_MS) kept.delete(old)
    const printed = commands.run(command).then(({ stdout }) => parseJson(stdout))
    kept.set(name, { startedMs: nowMs, printed })
    return printed
  }
}
