import { tableRows } from '@lxc-autoscale/cli'
import { replayPicture } from '@lxc-autoscale/replay'

const HEADER = ['workload', 'policy', 'cores unused', 'throttled', 'memory unused', 'swapped', 'kills', 'changes a day']

/** The picture of the policy `adaptive`. */
export function pictureOf({ trace, policies }) {
  return replayPicture(
    trace,
    policies.find(({ policy }) => policy === 'adaptive'),
  )
}

/** What `lxc-autoscale replay --shapes` prints, but for what was saved. */
export function shapesTable(title, replayed) {
  const rows = tableRows(replayed).map(([name, ...cells]) => [
    name === 'ALL' ? '**all**' : name,
    ...cells.slice(0, HEADER.length - 1).map(String),
  ])
  return { title, header: HEADER, rows: rows.filter(([name, policy]) => policy !== 'static' || name === '**all**') }
}
