import { ALL_CONTAINERS, AutoscaleError, localTimeText, type Mode, openUntilMs } from '@lxc-autoscale/core'
import type { Containers } from '../ports.ts'
import type { SteeringStore } from '../steering/steering-store.ts'
import type { Change, ChangeProgress } from './change-runner.ts'

export interface SteerParts {
  readonly containers: Containers
  readonly steering: SteeringStore
}

type Asked = Change['asked']

/** Leaves a container alone until a time (ISO 8601), or `forever`; ALL_CONTAINERS: all of them. */
export function pauseChange({ containers, steering }: SteerParts, vmid: number, until: string, asked: Asked): Change {
  return steeringChange('pause', vmid, asked, async progress => {
    await requireThere(containers, vmid, progress)
    const before = { paused_until: steering.pauseOf(vmid) }
    const after = { paused_until: until }
    await progress.begin(before)
    await steering.setPause(vmid, until)
    const untilMs = openUntilMs(until, 0) ?? 0
    const how = until === 'forever' ? 'until that is ended' : `until ${localTimeText(untilMs)}`
    return { before, after, changed: true, message: `${nameOf(vmid)} is left alone ${how}` }
  })
}

/** Ends a pause. */
export function resumeChange({ steering }: SteerParts, vmid: number, asked: Asked): Change {
  return steeringChange('resume', vmid, asked, async progress => {
    const before = { paused_until: steering.pauseOf(vmid) }
    const after = { paused_until: null }
    if (before.paused_until === null)
      return { before, after, changed: false, message: `${nameOf(vmid)} was not paused` }
    await progress.begin(before)
    await steering.setPause(vmid, null)
    return { before, after, changed: true, message: `${nameOf(vmid)} is no longer paused` }
  })
}

/** What the model does with a container, whatever tags and configuration say; null: as these say. */
export function modeChange({ containers, steering }: SteerParts, vmid: number, mode: Mode | null): Change {
  return steeringChange('mode', vmid, { lxc_id: vmid, mode }, async progress => {
    if (mode !== null) await requireThere(containers, vmid, progress)
    const before = { mode: steering.modeOf(vmid) }
    const after = { mode }
    const has = mode === null ? 'its mode as configured' : `the mode ${mode}`
    if (before.mode === mode) return { before, after, changed: false, message: `${nameOf(vmid)} had ${has} already` }
    await progress.begin(before)
    await steering.setMode(vmid, mode)
    return { before, after, changed: true, message: `${nameOf(vmid)} has ${has} from the next decision on` }
  })
}

function steeringChange(
  action: 'pause' | 'resume' | 'mode',
  vmid: number,
  asked: Asked,
  perform: Change['perform'],
): Change {
  return { action, vmid, asked, isImmediate: true, perform }
}

/** @throws {AutoscaleError} CONTAINER_NOT_FOUND; one that cannot be read may be there. */
async function requireThere(containers: Containers, vmid: number, progress: ChangeProgress): Promise<void> {
  if (vmid === ALL_CONTAINERS) return
  try {
    progress.name((await containers.read(vmid)).name)
  } catch (error) {
    if (!(error instanceof AutoscaleError) || error.code === 'CONTAINER_NOT_FOUND') throw error
    progress.warn(`whether there is a container ${vmid} could not be checked: ${error.message}`)
  }
}

function nameOf(vmid: number): string {
  return vmid === ALL_CONTAINERS ? 'every container' : `container ${vmid}`
}
