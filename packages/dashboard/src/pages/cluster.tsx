import { ClusterTable } from '../cluster/cluster-table.tsx'
import { readClusterView, shownContainers } from '../cluster/cluster-view.ts'
import { NodeCards } from '../cluster/node-cards.tsx'
import { useCluster } from '../cluster/use-cluster.ts'
import { PageHeading } from '../components/page-heading.tsx'
import { Foreign } from '../components/text.tsx'
import { place, setQuery } from '../router.ts'

/** All nodes and containers of the cluster, as the node that serves this page sees them. */
export function ClusterPage() {
  const { body, problem } = useCluster()
  const view = readClusterView(place.value.query)
  const shown = shownContainers(body?.containers ?? [], view)
  return (
    <>
      <PageHeading title="Cluster">Cluster {body?.name != null && <Foreign text={body.name} />}</PageHeading>
      {problem !== undefined && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {body === undefined && problem === undefined && <p aria-busy="true">Loading …</p>}
      {body !== undefined && (
        <>
          <p class="hint">
            As node {body.node} sees it, by what each node tells the others.
            {body.name === null && ' It is in no cluster.'}
            {!body.quorate && ' The cluster has no quorum: nothing can be changed.'}
          </p>
          <NodeCards nodes={body.nodes} shown={view.node} />
          <search class="toolbar cluster-tools">
            <label class="unseen" for="find">
              Find by name, number or node
            </label>
            <input
              id="find"
              type="search"
              placeholder="Find by name, number or node"
              value={view.text}
              onInput={event => setQuery({ q: event.currentTarget.value })}
            />
            {view.node !== '' && (
              <button type="button" onClick={() => setQuery({ node: undefined })}>
                All nodes, not only {view.node}
              </button>
            )}
            <span class="hint" role="status">
              {shown.length === body.containers.length ? '' : `${shown.length} of `}
              {body.containers.length} containers
            </span>
          </search>
          {shown.length > 0 && <ClusterTable containers={shown} own={body.node} />}
          {shown.length === 0 && <p class="card empty">No container is like that.</p>}
        </>
      )}
    </>
  )
}
