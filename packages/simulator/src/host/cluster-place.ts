import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type HostPaths, hostPaths } from '../files/host-paths.ts'

/** Folder of a pretend cluster for what all its nodes share; the others are named after the nodes. */
export const SHARED = 'shared'

/** Where the files stand that pmxcfs shows on all nodes: `nodes` of each is a link to one folder. On a host without a cluster, its own. */
export function sharedPve(paths: HostPaths): string {
  return dirname(realpathSync(`${paths.pve}/nodes`))
}

/** The directory of the cluster that the host is a node of; undefined without a cluster, and where no host is. */
export function clusterRoot(paths: HostPaths): string | undefined {
  if (!existsSync(`${paths.pve}/nodes`)) return undefined
  const shared = sharedPve(paths)
  return shared === realpathSync(paths.pve) ? undefined : dirname(dirname(shared))
}

/** Another node of the host's cluster; undefined when that is a name only, without a pretend host of its own. */
export function nodePaths(paths: HostPaths, node: string): HostPaths | undefined {
  const root = clusterRoot(paths)
  const other = root === undefined ? undefined : hostPaths(join(root, node))
  return other !== undefined && existsSync(other.host) ? other : undefined
}
