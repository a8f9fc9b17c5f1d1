import type { ClusterContainersBody } from '@lxc-autoscale/core'
import { MS_PER_SECOND } from '@lxc-autoscale/core/browser'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api.ts'

/** Proxmox tells its figures as often. */
const POLL_MS = 10 * MS_PER_SECOND

export interface Cluster {
  readonly body: ClusterContainersBody | undefined
  /** Why what is shown is not of now; undefined when it is. */
  readonly problem: string | undefined
}

/** The cluster, asked for again and again while the page is seen. */
export function useCluster(): Cluster {
  const [cluster, setCluster] = useState<Cluster>({ body: undefined, problem: undefined })
  useEffect(() => {
    const ending = new AbortController()
    const { signal } = ending
    const look = async () => {
      try {
        const body = await api.get<ClusterContainersBody>('/resource/cluster/containers', {}, { signal })
        setCluster({ body, problem: undefined })
      } catch (error) {
        if (!signal.aborted) setCluster(({ body }) => ({ body, problem: (error as Error).message }))
      }
    }
    const lookIfSeen = () => {
      if (!document.hidden) void look()
    }
    void look()
    const timer = setInterval(lookIfSeen, POLL_MS)
    document.addEventListener('visibilitychange', lookIfSeen, { signal })
    return () => {
      ending.abort()
      clearInterval(timer)
    }
  }, [])
  return cluster
}
