import { AutoscaleError, type ClusterContainersBody, type ClusterNodeBody } from '@lxc-autoscale/core'
import type { Column } from '../output/layout.ts'
import { bad, figure, table, warned } from '../output/terminal.ts'
import type { CommandContext } from './command-context.ts'

/** What `lxc-autoscale status --cluster` tells. */
export interface ClusterReport {
  /** Why the API says nothing of the cluster; null when it does. */
  readonly problem: string | null
  readonly cluster: ClusterContainersBody | null
}

export async function readCluster({ api }: CommandContext): Promise<ClusterReport> {
  try {
    return { problem: null, cluster: await api.cluster() }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { problem: error.message, cluster: null }
  }
}

const NODES: readonly Column[] = [
  { heading: 'NODE', least: 8 },
  { heading: 'STATE' },
  { heading: 'CORES' },
  { heading: 'USED' },
  { heading: 'LOAD', dropAs: 3 },
  { heading: 'MEMORY MB' },
  { heading: 'USED' },
  { heading: 'CONTAINERS', dropAs: 2 },
  { heading: 'TOLD', least: 8, dropAs: 1 },
  { heading: 'LOOKED AFTER', least: 'no sign of LXC AutoScale ML there'.length },
]

const CONTAINERS: readonly Column[] = [
  { heading: 'NODE', least: 8 },
  { heading: 'ID' },
  { heading: 'NAME', least: 8 },
  { heading: 'STATE', dropAs: 1 },
  { heading: 'CORES' },
  { heading: 'USED' },
  { heading: 'MEMORY MB' },
  { heading: 'USED' },
  { heading: 'TOLD', least: 8, dropAs: 2 },
]

export function clusterLines({ problem, cluster }: ClusterReport): string[] {
  if (cluster === null) return [bad(`the cluster is not known: ${problem}`)]
  const byNode = cluster.containers.toSorted((a, b) => a.node.localeCompare(b.node) || a.lxc_id - b.lxc_id)
  return [
    headline(cluster),
    table(NODES, cluster.nodes.map(nodeCells)),
    '',
    byNode.length === 0 ? 'no containers' : table(CONTAINERS, byNode.map(containerCells)),
  ]
}

function headline({ name, quorate, node }: ClusterContainersBody): string {
  if (name === null) return `node ${node} is in no cluster`
  return `cluster ${name}, as node ${node} sees it${quorate ? '' : `: ${bad('it has no quorum, so nothing can be changed')}`}`
}

function nodeCells(node: ClusterNodeBody): (string | number | null)[] {
  return [
    node.name,
    node.online ? 'online' : bad('offline'),
    figure(node.cores),
    figure(node.cores_used),
    figure(node.load),
    figure(node.memory_mb),
    figure(node.memory_used_mb),
    node.containers,
    toldText(node),
    node.looked_after_text,
  ]
}

function containerCells(container: ClusterContainersBody['containers'][number]): (string | number | null)[] {
  return [
    container.node,
    container.lxc_id,
    container.name,
    container.status,
    figure(container.cores),
    figure(container.cores_used),
    figure(container.memory_mb),
    figure(container.memory_used_mb),
    toldText(container),
  ]
}

function toldText({ age_seconds: age, is_stale: isStale }: Pick<ClusterNodeBody, 'age_seconds' | 'is_stale'>): string {
  const text = age === null ? 'no figures' : `${age} s ago`
  return isStale ? warned(text) : text
}
