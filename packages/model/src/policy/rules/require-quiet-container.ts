import { MS_PER_SECOND } from '@lxc-autoscale/core'
import { holdAll, type Rule } from '../draft.ts'
import { durationText } from '../wording.ts'

const RULE = 'require-quiet-container'

/** Nothing is done to a container that is off, stopped, locked, migrating, busy for HA, or was just started. */
export const requireQuietContainer: Rule = (draft, { settings, circumstances }) => {
  const { isRunning, lock, isMigrating, haBusy, uptimeMs } = circumstances
  if (settings.scaling.mode === 'off')
    return holdAll(draft, RULE, `left alone in mode off (${settings.provenance['mode']?.from ?? 'mode'})`)
  if (isRunning === false) return holdAll(draft, RULE, 'it does not run')
  if (isRunning === undefined) return holdAll(draft, RULE, 'whether it runs is not known')
  if (isMigrating) return holdAll(draft, RULE, 'left alone: Proxmox moves it to another node (lock migrate)')
  if (lock !== undefined && lock !== '') return holdAll(draft, RULE, `Proxmox holds the lock ${lock}`)
  if (haBusy !== undefined) return holdAll(draft, RULE, `left alone: ${haBusy}`)
  const leftMs = settings.scaling.start_grace_seconds * MS_PER_SECOND - (uptimeMs ?? Number.POSITIVE_INFINITY)
  if (leftMs <= 0) return draft
  return holdAll(
    draft,
    RULE,
    `started ${durationText(uptimeMs ?? 0)} ago; left alone for another ${durationText(leftMs)}`,
    circumstances.nowMs + leftMs,
  )
}
