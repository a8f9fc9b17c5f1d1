import type { ClusterContainerBody } from '@lxc-autoscale/core'

/** Which containers of the cluster are shown, as the query of the page says. */
export interface ClusterView {
  readonly text: string
  /** Empty: those of all nodes. */
  readonly node: string
}

export function readClusterView(query: URLSearchParams): ClusterView {
  return { text: query.get('q') ?? '', node: query.get('node') ?? '' }
}

/** Those that are shown, node by node. */
export function shownContainers(
  containers: readonly ClusterContainerBody[],
  { text, node }: ClusterView,
): ClusterContainerBody[] {
  const words = text.toLowerCase().split(/\s+/)
  return containers
    .filter(container => {
      if (node !== '' && container.node !== node) return false
      const searched = `${container.lxc_id} ${container.name ?? ''} ${container.node}`.toLowerCase()
      return words.every(word => searched.includes(word))
    })
    .sort((a, b) => a.node.localeCompare(b.node) || a.lxc_id - b.lxc_id)
}

/** How old figures are, in words. */
export function toldText(ageSeconds: number | null): string {
  return ageSeconds === null ? 'no figures' : `told ${ageSeconds} s ago`
}
