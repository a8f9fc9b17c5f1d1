import { pause, type RunOptions, startEngine } from '../engine/run-engine.ts'
import { hostPaths } from '../files/host-paths.ts'
import { clusterRoot } from '../host/cluster-place.ts'
import { acquireProcessLock } from '../host/process-lock.ts'
import { REAL_TIME } from '../pct/context.ts'
import { HaManager } from './ha-manager.ts'
import { clusterHosts, isCluster } from './power.ts'

const LOOK_MS = 200

/**
 * Moves a host, or all hosts of a cluster, in real time until `signal`.
 * @throws {Error} when another process moves one of them already.
 */
export async function startHosts(root: string, options: RunOptions): Promise<void> {
  if (!isCluster(root)) {
    const cluster = clusterRoot(hostPaths(root))
    await Promise.all([startEngine(root, options), cluster === undefined ? undefined : manage(cluster, options.signal)])
    return
  }
  await Promise.all([...clusterHosts(root).map(host => startEngine(host.root, options)), manage(root, options.signal)])
}

/** Looks after the containers of the HA manager, as the one process of the cluster that does. */
async function manage(root: string, signal: AbortSignal): Promise<void> {
  const manager = new HaManager(root, REAL_TIME)
  while (!signal.aborted) {
    const lock = await acquireProcessLock({ root, name: 'ha-manager', timeoutMs: 0 })
    try {
      while (lock !== undefined && !signal.aborted) {
        await manager.step()
        await pause(LOOK_MS, signal)
      }
      await manager.settled()
    } finally {
      await lock?.release()
    }
    await pause(LOOK_MS, signal)
  }
}
