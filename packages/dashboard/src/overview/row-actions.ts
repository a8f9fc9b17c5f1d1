import type { OverviewRow } from '@lxc-autoscale/core'
import type { MenuItem } from '../components/menu.tsx'
import { type Doing, openDialog } from '../dialogs/open-dialog.ts'
import { navigate } from '../router.ts'

/** What can be done with a container; the same on every page. */
export function containerActions(row: OverviewRow): readonly MenuItem[] {
  const { lxc_id: vmid } = row
  const item = (words: string, doing: Doing): MenuItem => ({ words, act: () => openDialog(doing) })
  return [
    ...(row.boost === null ? [] : [item('End the boost …', { what: 'end-boost', vmid })]),
    item(row.boost === null ? 'Boost …' : 'Another boost …', { what: 'boost', vmid }),
    row.paused_until === null
      ? item('Leave alone …', { what: 'pause', vmid })
      : item('Look after it again …', { what: 'resume', vmid }),
    item('What is done with it …', { what: 'mode', vmid }),
    ...(row.last_change === null
      ? []
      : [item('Undo the last change …', { what: 'undo', vmid, changeId: row.last_change.id })]),
    item('Undo everything since …', { what: 'undo-since', vmid }),
  ]
}

/** The same in a list of containers. */
export function rowActions(row: OverviewRow): readonly MenuItem[] {
  return [...containerActions(row), { words: 'Open its page', act: () => navigate(`/container/${row.lxc_id}`) }]
}

/** What can be done with all of them. */
export const FLEET_ACTIONS: readonly MenuItem[] = [
  { words: 'Leave all alone …', act: () => openDialog({ what: 'pause-all' }) },
  { words: 'Look after all again …', act: () => openDialog({ what: 'resume-all' }) },
  { words: 'Undo everything since …', act: () => openDialog({ what: 'undo-since' }) },
]
