import {
  type AllocationBody,
  AutoscaleError,
  givenCores,
  type HistoryEntryBody,
  localTimeText,
  MS_PER_SECOND,
  whoText,
} from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB } from '@lxc-autoscale/host'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { SetOptions } from '../pct/commands.ts'
import type { SteeringStore } from '../steering/steering-store.ts'
import type { KeptBoost } from '../steering/told.ts'
import type { Change, ChangeProgress, PerformedChange } from './change-runner.ts'
import {
  previewScale,
  type ScaledContainer,
  type ScaleParts,
  type ScaleRequest,
  scaleChange,
  scaleContainer,
} from './scale-container.ts'
import { expectedAs, withTarget } from './target.ts'
import { onlyPart } from './undo-request.ts'
import { allocationBody } from './wire-allocation.ts'

export interface BoostParts extends ScaleParts {
  readonly steering: SteeringStore
}

/** More for a stated time, as it is asked for. */
export interface AskedBoost {
  readonly vmid: number
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  readonly seconds: number
  readonly who: HistoryEntryBody['who']
}

/** The model gives nobody a boost: with its key, a person does. */
const OF_NO_MODEL = { action: 'scale', undo_of: null, idempotency_key: null } as const

/**
 * Gives a container more, and keeps what it gets back. It is on the disk before the command is run: whatever happens then, what
 * the container has when the time is over tells what there is to give back.
 * @throws {AutoscaleError} INVALID_REQUEST when that is not more of each than it has
 */
export async function boostChange(parts: BoostParts, asked: AskedBoost): Promise<Change> {
  const { steering, clock } = parts
  const { vmid, seconds, who } = asked
  const facts = await parts.containers.read(vmid)
  const request = boostRequest(facts, asked)
  const has = allocationBody(facts.configured)
  const given = allocationBody(withTarget(facts.configured, request.asked))
  const until = new Date(clock.nowMs() + seconds * MS_PER_SECOND).toISOString()
  const scale = scaleChange(parts, request)
  const earlier = steering.boostOf(vmid)
  let noted: KeptBoost | undefined
  return {
    ...scale,
    asked: { ...scale.asked, seconds },
    boost: { until },
    onBegin: async changeId => {
      const before = { ...has, ...(earlier === undefined ? {} : stillBoosted(earlier, has).before) }
      const about = { lxc_id: vmid, change_id: changeId, until, who: whoText({ who, ...OF_NO_MODEL }), trouble: null }
      noted = { ...about, before, given, replaced: earlier?.given ?? null }
      await steering.setBoost(vmid, noted)
    },
    perform: async progress => {
      try {
        const done = await scaleContainer(request, parts, progress)
        if (noted !== undefined) await steering.setBoost(vmid, { ...noted, replaced: null })
        return { ...done, message: `${done.message}, until ${localTimeText(Date.parse(until))}` }
      } catch (error) {
        // After any other failure what the container has at the end tells what there is to give back.
        const isUntouched = error instanceof AutoscaleError && error.leaves === 'untouched'
        if (isUntouched && noted !== undefined) await steering.setBoost(vmid, earlier)
        throw error
      }
    },
  }
}

/** What a boost would do now, by the same rules; nothing is written. @throws {AutoscaleError} by the rule that forbids it */
export async function previewBoost(parts: BoostParts, asked: AskedBoost): Promise<ScaledContainer> {
  return previewScale(boostRequest(await parts.containers.read(asked.vmid), asked), parts)
}

function boostRequest({ vmid, configured }: ContainerFacts, { cores, memoryMb }: AskedBoost): ScaleRequest {
  const options: SetOptions = {
    ...(cores === undefined ? {} : coresOptions(vmid, allocationBody(configured), cores)),
    ...(memoryMb === undefined ? {} : { memoryMb: moreMemory(vmid, configured.memoryMb, memoryMb) }),
  }
  return { vmid, asked: options, expected: expectedAs(configured), force: false }
}

/** By quota where the container has one, and by number where that would be less. */
function coresOptions(vmid: number, { cores: number, cpulimit }: AllocationBody, asked: number): SetOptions {
  const has = givenCores({ cores: number, cpulimit })
  if (has === undefined) throw notMore(vmid, 'it may use all cores of the host')
  if (asked <= has) throw notMore(vmid, `it has ${has} cores, and ${asked} are asked for`)
  if (cpulimit !== null)
    return { cpuLimit: asked, ...(number !== null && number < asked ? { cores: Math.ceil(asked) } : {}) }
  if (!Number.isInteger(asked)) throw notMore(vmid, `it has no cpulimit, so cores must be a whole number, not ${asked}`)
  return { cores: asked }
}

function moreMemory(vmid: number, hasMb = DEFAULT_MEMORY_MB, askedMb: number): number {
  if (askedMb <= hasMb) throw notMore(vmid, `it has ${hasMb} MB of memory, and ${askedMb} are asked for`)
  return askedMb
}

function notMore(vmid: number, why: string): AutoscaleError {
  return new AutoscaleError('INVALID_REQUEST', `a boost gives container ${vmid} more than it has: ${why}`)
}

const PARTS = [
  { name: 'cores', fields: ['cores', 'cpulimit'] },
  { name: 'memory', fields: ['memory_mb'] },
] as const
type PartName = (typeof PARTS)[number]['name']

interface StillBoosted {
  readonly parts: readonly PartName[]
  /** What somebody has changed since, whose will counts. */
  readonly changed: readonly PartName[]
  /** What the container had of those parts, and has. */
  readonly before: Partial<AllocationBody>
  readonly has: Partial<AllocationBody>
}

/** The resources that still are as the boost made them in a container that `has`. */
function stillBoosted({ before, given, replaced }: KeptBoost, has: AllocationBody): StillBoosted {
  const parts: PartName[] = []
  const changed: PartName[] = []
  const fields: (keyof AllocationBody)[] = []
  for (const part of PARTS) {
    const boosted = part.fields.filter(field => before[field] !== given[field])
    if (boosted.length === 0) continue
    const isAs = (gave: AllocationBody | null) => gave !== null && boosted.every(field => has[field] === gave[field])
    if (isAs(given) || isAs(replaced)) {
      parts.push(part.name)
      fields.push(...boosted)
      // What it has back already, by an undo perhaps, is no will of anybody else.
    } else if (!isAs(before)) changed.push(part.name)
  }
  const pick = (from: AllocationBody) => Object.fromEntries(fields.map(field => [field, from[field]]))
  return { parts, changed, before: pick(before), has: pick(has) }
}

/** The way back of the resources that are still boosted. */
function endRequest(vmid: number, { before, has }: Pick<StillBoosted, 'before' | 'has'>): ScaleRequest {
  const { memory_mb: memoryMb } = before
  return {
    vmid,
    asked: {
      cores: before.cores,
      cpuLimit: before.cpulimit,
      // Proxmox does not let the setting be removed; what it stands for is the default.
      memoryMb: memoryMb === null ? DEFAULT_MEMORY_MB : memoryMb,
    },
    expected: { cores: has.cores, cpuLimit: has.cpulimit, memoryMb: has.memory_mb },
    force: false,
  }
}

/** Gives back what a boost gave, each resource only where it still is as the boost made it. */
export function boostEnd(parts: BoostParts, { lxc_id: vmid, change_id: changeId, before, given }: KeptBoost): Change {
  const differing = <Field extends keyof AllocationBody>(field: Field) =>
    before[field] === given[field] ? undefined : before[field]
  const scale = scaleChange(parts, endRequest(vmid, { before: {}, has: {} }))
  const memory = differing('memory_mb')
  return {
    ...scale,
    asked: {
      lxc_id: vmid,
      cores: differing('cores'),
      cpulimit: differing('cpulimit'),
      memory: memory === null ? DEFAULT_MEMORY_MB : memory,
    },
    undoOf: changeId,
    boost: { until: null },
    perform: progress => giveBack(requireBoost(parts.steering, vmid, changeId), parts, progress),
  }
}

/** What the end of a boost would do now; nothing is written. @throws {AutoscaleError} by the rule that forbids it */
export async function previewBoostEnd(parts: BoostParts, boost: KeptBoost): Promise<ScaledContainer> {
  const has = allocationBody((await parts.containers.read(boost.lxc_id)).configured)
  const still = stillBoosted(boost, has)
  if (still.parts.length === 0) return { before: has, after: has, changed: false, message: overText(boost, still) }
  return previewScale(endRequest(boost.lxc_id, still), alsoStopped(parts))
}

/** The boost of a container, of whichever change or only of this one. @throws {AutoscaleError} STATE_NOT_ALLOWED */
export function requireBoost(steering: SteeringStore, vmid: number, changeId?: string): KeptBoost {
  const boost = steering.boostOf(vmid)
  if (boost !== undefined && (changeId === undefined || boost.change_id === changeId)) return boost
  throw new AutoscaleError('STATE_NOT_ALLOWED', `container ${vmid} has no such boost, or it is over already`)
}

async function giveBack(boost: KeptBoost, parts: BoostParts, progress: ChangeProgress): Promise<PerformedChange> {
  const { lxc_id: vmid } = boost
  const facts = await parts.containers.read(vmid)
  progress.name(facts.name)
  const has = allocationBody(facts.configured)
  const still = stillBoosted(boost, has)
  if (still.parts.length === 0) {
    await parts.steering.setBoost(vmid, undefined)
    return { before: has, after: has, changed: false, message: overText(boost, still) }
  }
  const whole = endRequest(vmid, still)
  const refusal = still.parts.length > 1 ? await memoryRefusal(whole, parts) : undefined
  const request = refusal === undefined ? whole : onlyPart(whole, 'cores')
  const done = await scaleContainer(request, alsoStopped(parts), progress)
  if (refusal === undefined) await parts.steering.setBoost(vmid, undefined)
  else {
    const { cores, cpulimit } = boost.before
    const given = { ...boost.given, cores, cpulimit }
    await parts.steering.setBoost(vmid, { ...boost, given, replaced: null, trouble: refusal.message })
    progress.warn(`its memory is not given back yet: ${refusal.message}`)
  }
  return { ...done, message: `${done.message}: ${overText(boost, still)}` }
}

/** Why the memory cannot be given back now although the cores can; undefined when it can. */
async function memoryRefusal(request: ScaleRequest, parts: BoostParts): Promise<AutoscaleError | undefined> {
  try {
    await previewScale(request, alsoStopped(parts))
    return undefined
  } catch (error) {
    if (error instanceof AutoscaleError && error.code === 'MEMORY_BELOW_FLOOR') return error
    throw error
  }
}

/** Of a container that does not run any more its size is given back as well. */
function alsoStopped(parts: BoostParts): BoostParts {
  return { ...parts, safety: { ...parts.safety, scale_stopped: true } }
}

function overText({ lxc_id: vmid }: KeptBoost, { changed }: StillBoosted): string {
  const kept = changed.length === 0 ? '' : `; what was changed meanwhile stays: ${changed.join(' and ')}`
  return `the boost of container ${vmid} is over${kept}`
}

/** Ends a boost that cannot be given back, for this reason: the container keeps its size, which the model goes on from. */
export function boostLeft(parts: BoostParts, boost: KeptBoost, why: string): Change {
  return {
    ...boostEnd(parts, boost),
    perform: async progress => {
      const facts = await parts.containers.read(boost.lxc_id)
      progress.name(facts.name)
      await parts.steering.setBoost(boost.lxc_id, undefined)
      const has = allocationBody(facts.configured)
      const message = `the boost of container ${boost.lxc_id} is over and was not given back: ${why}; its size is left to the model`
      return { before: has, after: has, changed: false, message }
    },
  }
}
