import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { type HostPaths, hostPaths } from '../files/host-paths.ts'
import { replaceJson } from '../files/json-file.ts'
import { SHARED } from '../host/cluster-place.ts'
import { listVmids, readConf } from '../host/container-conf.ts'
import { readHaResources } from '../host/ha-resources.ts'
import { readIdentity } from '../host/host-identity.ts'
import { withKernel } from '../host/kernel-lock.ts'
import { startContainer, stopContainer } from '../host/lifecycle.ts'
import { readClock, runningVmids, writeClock } from '../host/runs.ts'
import { readSettings } from '../host/settings.ts'
import { updateSettings } from '../host/update-settings.ts'

/** Whether a directory is a cluster and not one host. */
export function isCluster(root: string): boolean {
  return existsSync(join(root, SHARED, 'pve'))
}

/** The hosts of the cluster in `root`, in the order of their names. */
export function clusterHosts(root: string): readonly HostPaths[] {
  return readdirSync(root)
    .filter(name => name !== SHARED && statSync(join(root, name)).isDirectory())
    .sort()
    .map(name => hostPaths(join(root, name)))
}

/** A node loses its power: nothing runs there any more, and too few others have no quorum. */
export async function loseNode(root: string, node: string): Promise<void> {
  const paths = hostPaths(join(root, node))
  await tellOfLost(root, [...lostNodes(paths).filter(name => name !== node), node])
  await withKernel(paths.root, () => {
    for (const vmid of runningVmids(paths)) stopContainer(paths, vmid)
  })
}

/** It has power again: it boots, and starts its containers but those of which the HA manager decides. */
export async function bringNodeBack(root: string, node: string): Promise<void> {
  const paths = hostPaths(join(root, node))
  const identity = { ...readIdentity(paths), bootedAtSeconds: Math.trunc(Date.now() / MS_PER_SECOND) }
  await withKernel(paths.root, () => {
    rmSync(`${paths.cgroup}/lxc`, { recursive: true, force: true })
    rmSync(`${paths.cgroup}/lxc.monitor`, { recursive: true, force: true })
    mkdirSync(`${paths.cgroup}/lxc.monitor`)
    replaceJson(paths.host, identity)
    writeClock(paths, { ...readClock(paths), uptimeMs: 0 })
    const managed = readHaResources(paths).map(({ vmid }) => vmid)
    for (const vmid of listVmids(paths, node).filter(number => !managed.includes(number))) {
      const conf = readConf(paths, node, vmid)?.conf
      if (conf?.live.values['onboot'] === '1' && conf.live.values['lock'] === undefined) {
        startContainer(paths, identity, vmid, conf)
      }
    }
  })
  await tellOfLost(
    root,
    lostNodes(paths).filter(name => name !== node),
  )
}

/** No node hears another any more. */
export async function loseQuorum(root: string): Promise<void> {
  for (const paths of clusterHosts(root)) await updateSettings(paths.root, { quorate: false })
}

/** Those that have power hear each other again. */
export async function regainQuorum(root: string): Promise<void> {
  const [first] = clusterHosts(root)
  if (first !== undefined) await tellOfLost(root, lostNodes(first))
}

function lostNodes(paths: HostPaths): readonly string[] {
  return readSettings(paths).offlineNodes
}

async function tellOfLost(root: string, offlineNodes: readonly string[]): Promise<void> {
  const hosts = clusterHosts(root)
  const quorate = (hosts.length - offlineNodes.length) * 2 > hosts.length
  for (const paths of hosts) await updateSettings(paths.root, { offlineNodes, quorate })
}
