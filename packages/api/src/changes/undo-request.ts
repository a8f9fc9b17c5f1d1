import {
  AllocationBody,
  AutoscaleError,
  type HistoryEntryBody,
  type InstallSizeBody,
  isBegun,
} from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB } from '@lxc-autoscale/host'
import { allocationParts } from './observe.ts'
import type { ScaleRequest } from './scale-container.ts'

/** @throws {AutoscaleError} STATE_NOT_ALLOWED when a change of this kind, or with this end, cannot be taken back */
export function checkUndoable({ action, outcome }: HistoryEntryBody): void {
  if (action === 'scale' && isBegun(outcome)) return
  throw new AutoscaleError('STATE_NOT_ALLOWED', `a change of the kind ${action} that was ${outcome} cannot be undone`, {
    details: { action, outcome },
  })
}

/** Back to the values before, for what the change moved; refused when somebody has moved it since. */
export function undoRequest(entry: HistoryEntryBody, force: boolean): ScaleRequest {
  const { data: before } = AllocationBody.safeParse(entry.before)
  const { data: seen } = AllocationBody.safeParse(entry.after)
  // What nobody saw can only be what was asked for, or what was there before.
  const { data: after } = AllocationBody.safeParse(
    seen ?? { ...before, ...Object.fromEntries(allocationParts(entry.asked)) },
  )
  if (before === undefined || after === undefined) throw nothingToUndo(entry)
  const [coresMoved, quotaMoved, memoryMoved] = [
    before.cores !== after.cores,
    before.cpulimit !== after.cpulimit,
    before.memory_mb !== after.memory_mb,
  ]
  if (!coresMoved && !quotaMoved && !memoryMoved) throw nothingToUndo(entry)
  return {
    vmid: entry.lxc_id,
    force,
    asked: {
      cores: coresMoved ? before.cores : undefined,
      cpuLimit: quotaMoved ? before.cpulimit : undefined,
      // Proxmox does not let the setting be removed; what it stands for is the default.
      memoryMb: memoryMoved ? (before.memory_mb ?? DEFAULT_MEMORY_MB) : undefined,
    },
    expected: {
      cores: coresMoved ? after.cores : undefined,
      cpuLimit: quotaMoved ? after.cpulimit : undefined,
      memoryMb: memoryMoved ? after.memory_mb : undefined,
    },
  }
}

/** Back to all values before `entry`; refused when the container has something else than `newest`, its newest change, left. */
export function undoSinceRequest(entry: HistoryEntryBody, newest: HistoryEntryBody, force: boolean): ScaleRequest {
  const { data: before } = AllocationBody.safeParse(entry.before)
  const { data: left } = AllocationBody.safeParse(newest.after)
  if (before === undefined) throw nothingToUndo(entry)
  const expected = { cores: left?.cores, cpuLimit: left?.cpulimit, memoryMb: left?.memory_mb }
  return { vmid: entry.lxc_id, force, asked: allOf(before), expected }
}

/** What the container had before the first change of the model, whatever it has now. */
export function undoToInstallRequest(size: InstallSizeBody, force: boolean): ScaleRequest {
  return { vmid: size.lxc_id, force, asked: allOf(size), expected: {} }
}

function allOf({ cores, cpulimit, memory_mb: memoryMb }: AllocationBody) {
  // Proxmox does not let the setting of the memory be removed; what it stands for is the default.
  return { cores, cpuLimit: cpulimit, memoryMb: memoryMb ?? DEFAULT_MEMORY_MB }
}

function nothingToUndo({ id }: HistoryEntryBody): AutoscaleError {
  return new AutoscaleError(
    'STATE_NOT_ALLOWED',
    `change ${id} is not known to have moved anything, so there is nothing to undo`,
  )
}

/** The part of an undo that is asked for. */
export function onlyPart(request: ScaleRequest, only: 'cores' | 'memory' | undefined): ScaleRequest {
  const { asked, expected } = request
  if (only === undefined) return request
  if (only === 'memory') {
    return { ...request, asked: { memoryMb: asked.memoryMb }, expected: { memoryMb: expected.memoryMb } }
  }
  const { cores, cpuLimit } = expected
  return { ...request, asked: { cores: asked.cores, cpuLimit: asked.cpuLimit }, expected: { cores, cpuLimit } }
}
