import type { ClusterContainerBody } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { readClusterView, shownContainers } from '../../../packages/dashboard/src/cluster/cluster-view.ts'

function container(lxc_id: number, node: string, name: string | null): ClusterContainerBody {
  const figures = { cores: 2, cores_used: 1, memory_mb: 512, memory_used_mb: 256, age_seconds: 1, is_stale: false }
  return { lxc_id, node, name, status: 'running', ...figures }
}

const ALL = [container(201, 'b', 'web'), container(102, 'a', null), container(101, 'a', 'Web-Shop')]

test.each([
  ['', [101, 102, 201]],
  ['q=web', [101, 201]],
  ['q=web+a', [101]],
  ['q=10', [101, 102]],
  ['node=b', [201]],
  ['node=b&q=101', []],
])('of the cluster "%s" shows %j', (query, vmids) => {
  const shown = shownContainers(ALL, readClusterView(new URLSearchParams(query)))
  expect(shown.map(({ lxc_id }) => lxc_id)).toEqual(vmids)
})
