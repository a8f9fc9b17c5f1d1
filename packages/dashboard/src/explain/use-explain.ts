import type { ExplainBody } from '@lxc-autoscale/core'
import { useEffect, useState } from 'preact/hooks'
import { ApiError, api } from '../api.ts'
import { nowMs, rows } from '../live.ts'

/** The reasons hold times that move on, so that the text of the state alone says nothing. */
const AGAIN_MS = 30_000
const NOT_FOUND = 404

/** What the model said of a container last. A text: why there is nothing. */
export function useExplain(vmid: number): ExplainBody | string | undefined {
  const [explained, setExplained] = useState<ExplainBody | string>()
  const { state, last_change: change, mode, paused_until: pause, boost } = rows.value.get(vmid) ?? {}
  // Asked for anew when something of it is other than before, and now and then.
  const turn = Math.floor(nowMs.value / AGAIN_MS)
  useEffect(() => {
    if (document.hidden) return undefined
    const ending = new AbortController()
    api
      .get<ExplainBody>('/explain', { lxc_id: vmid }, { signal: ending.signal })
      .then(setExplained)
      .catch((error: Error) => {
        if (ending.signal.aborted) return
        const isUnknown = error instanceof ApiError && error.status === NOT_FOUND
        setExplained(isUnknown ? 'The model has said nothing of this container yet.' : error.message)
      })
    return () => ending.abort()
  }, [vmid, turn, state, change?.id, mode, pause, boost?.change_id])
  return explained
}
