import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createHost, type HostSpec, type PretendHost } from '../create-host.ts'
import { replaceText } from '../files/json-file.ts'
import { SHARED } from '../host/cluster-place.ts'
import type { HostSettings } from '../host/settings.ts'
import { updateSettings } from '../host/update-settings.ts'

export interface ClusterSpec {
  /** Directory of the cluster; made if need be, and must be empty. */
  readonly root: string
  /** Its hosts; without a name they are called `a`, `b`, `c` and so on. */
  readonly nodes: readonly Omit<HostSpec, 'root' | 'shared'>[]
  /** Settings of all nodes. */
  readonly settings?: Partial<HostSettings>
  /** Text of `datacenter.cfg`. */
  readonly datacenter?: string
}

/** What was made: the hosts in the order of the nodes. */
export interface PretendCluster {
  readonly root: string
  readonly hosts: readonly PretendHost[]
}

const FIRST_LETTER = 97

/**
 * Makes a directory with a pretend host for each node of a cluster, and one folder for what they share.
 * @throws {Error} as `createHost`, and when two nodes have one name.
 */
export async function createCluster(spec: ClusterSpec): Promise<PretendCluster> {
  const root = resolve(spec.root)
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new Error(`cannot make a pretend cluster in ${root}: the directory is not empty`)
  }
  const names = spec.nodes.map(({ node }, at) => node ?? String.fromCharCode(FIRST_LETTER + at))
  if (new Set([...names, SHARED]).size <= names.length)
    throw new Error(`the nodes ${names.join(', ')} need other names`)
  replaceText(join(root, SHARED, 'pve', 'datacenter.cfg'), spec.datacenter ?? 'keyboard: en-us\n')
  const hosts: PretendHost[] = []
  for (const [at, node] of names.entries()) {
    const given = spec.nodes[at] ?? { containers: [] }
    const settings = { ...spec.settings, ...given.settings, nodes: names }
    hosts.push(
      await createHost({ seed: at + 1, ...given, root: join(root, node), node, shared: join(root, SHARED), settings }),
    )
  }
  const haManaged = [spec.settings, ...spec.nodes.map(({ settings }) => settings)].flatMap(s => s?.haManaged ?? [])
  if (hosts[0] !== undefined) await updateSettings(hosts[0].root, { haManaged: [...new Set(haManaged)] })
  return { root, hosts }
}
