import { MS_PER_SECOND } from '@lxc-autoscale/core'
import { durationText, holdAll, type Rule } from '../draft.ts'

const RULE = 'require-quiet-container'

/** Nothing is done to a container that is off, stopped, locked, migrating, queued by HA, or was just started. */
export const requireQuietContainer: Rule = (draft, { settings, circumstances }) => {
  const { isRunning, lock, isMigrating, isHaQueued, uptimeMs } = circumstances
  if (settings.scaling.mode === 'off')
    return holdAll(draft, RULE, `left alone (${settings.provenance['mode']?.from ?? 'mode'})`)
  if (isRunning === false) return holdAll(draft, RULE, 'it does not run')
  if (isRunning === undefined) return holdAll(draft, RULE, 'whether it runs is not known')
  if (lock !== undefined && lock !== '') return holdAll(draft, RULE, `Proxmox holds the lock ${lock}`)
  if (isMigrating) return holdAll(draft, RULE, 'it is migrating')
  if (isHaQueued) return holdAll(draft, RULE, 'the HA manager has a request for it')
  if (uptimeMs !== undefined && uptimeMs < settings.scaling.start_grace_seconds * MS_PER_SECOND) {
    return holdAll(draft, RULE, `started ${durationText(uptimeMs)} ago`)
  }
  return draft
}
