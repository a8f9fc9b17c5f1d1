import type { ExplainBody } from '@lxc-autoscale/core'
import { useEffect, useState } from 'preact/hooks'
import { ApiError, api } from '../api.ts'
import { nowMs, rows } from '../live.ts'

const MINUTE_MS = 60_000
const NOT_FOUND = 404

/** What the model said of a container last. A text: why there is nothing. */
export function useExplain(vmid: number): ExplainBody | string | undefined {
  const [explained, setExplained] = useState<ExplainBody | string>()
  const { state, state_text: text, last_change: change, mode, paused_until: pause, boost } = rows.value.get(vmid) ?? {}
  // Asked for anew when something of it is other than before; each minute otherwise, since what it holds by moves on.
  const minute = Math.floor(nowMs.value / MINUTE_MS)
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
  }, [vmid, minute, state, text, change?.id, mode, pause, boost?.change_id])
  return explained
}
