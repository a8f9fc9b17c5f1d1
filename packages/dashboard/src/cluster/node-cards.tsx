import type { ClusterNodeBody } from '@lxc-autoscale/core'
import { countText } from '@lxc-autoscale/core/browser'
import { Glyph } from '../components/glyph.tsx'
import { Foreign } from '../components/text.tsx'
import { coresNumber, coresText, memoryText } from '../format.ts'
import { setQuery } from '../router.ts'
import { toldText } from './cluster-view.ts'

interface NodeCardsProps {
  readonly nodes: readonly ClusterNodeBody[]
  /** The one whose containers are shown; empty: all. */
  readonly shown: string
}

/** What each node has room for, and whether it is looked after. */
export function NodeCards({ nodes, shown }: NodeCardsProps) {
  return (
    <section class="nodes" aria-label="Nodes">
      {nodes.map(node => (
        <NodeCard node={node} isShown={node.name === shown} key={node.name} />
      ))}
    </section>
  )
}

function NodeCard({ node, isShown }: { readonly node: ClusterNodeBody; readonly isShown: boolean }) {
  const { name, is_own: isOwn, online, load, containers } = node
  return (
    <article class="card node">
      <h2>
        <Foreign text={name} /> {isOwn && <small>this node</small>}
        <span class={`state tone-${online ? 'calm' : 'bad'}`}>
          <Glyph shape={online ? 'dot' : 'cross'} />
          {online ? 'online' : 'offline'}
        </span>
      </h2>
      <Room kind="cpu" used={node.cores_used} total={node.cores}>
        {node.cores === null ? 'cores not known' : coresNumber(node.cores_used)}{' '}
        {node.cores !== null && <small>of {coresText(node.cores)}</small>}
      </Room>
      <Room kind="memory" used={node.memory_used_mb} total={node.memory_mb}>
        {node.memory_mb === null ? 'memory not known' : memoryText(node.memory_used_mb)}{' '}
        {node.memory_mb !== null && <small>of {memoryText(node.memory_mb)}</small>}
      </Room>
      <p class="hint">
        {load !== null && `load ${coresNumber(load)}, `}
        <Told age={node.age_seconds} isStale={node.is_stale} />
      </p>
      <p class={`after after-${node.looked_after}`}>{node.looked_after_text}</p>
      <button
        type="button"
        class="plain"
        aria-pressed={isShown}
        onClick={() => setQuery({ node: isShown ? undefined : name })}
      >
        {countText(containers, 'container')}
        <span class="unseen"> of {name}</span>
      </button>
    </article>
  )
}

interface RoomProps {
  readonly kind: 'cpu' | 'memory'
  readonly used: number | null
  readonly total: number | null
  readonly children: preact.ComponentChildren
}

/** What is used of what there is; the words say it too. */
function Room({ kind, used, total, children }: RoomProps) {
  const width = used === null || total === null || total <= 0 ? 0 : Math.min(100, (100 * used) / total)
  return (
    <div class={`use ${kind}-coloured`}>
      <p>
        <span class="unseen">{kind === 'cpu' ? 'Cores used: ' : 'Memory used: '}</span>
        {children}
      </p>
      <div class="bar" aria-hidden="true">
        <span style={{ width: `${width}%` }} />
      </div>
    </div>
  )
}

/** How old figures are, and whether that is too old. */
export function Told({ age, isStale }: { readonly age: number | null; readonly isStale: boolean }) {
  return <span class={isStale ? 'tone-warn' : ''}>{toldText(age)}</span>
}
