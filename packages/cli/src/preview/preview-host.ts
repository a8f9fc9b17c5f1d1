import {
  AutoscaleError,
  type LeftOutContainer,
  MS_PER_DAY,
  MS_PER_SECOND,
  type PastStep,
  type PreviewBody,
  type PreviewedContainer,
  type PreviewedResource,
  type PreviewTotals,
} from '@lxc-autoscale/core'
import type { HostSize } from '@lxc-autoscale/host'
import { allocationOf, type ContainerSettings, containerSettings, type ModelConfig } from '@lxc-autoscale/model'
import { type MemoryMargin, type PreviewJob, previewContainer } from '@lxc-autoscale/replay'
import { notesOf } from './notes.ts'
import type { RunningContainer } from './running-containers.ts'

/** What Proxmox has kept of a container, and what of it could not be used. */
export interface PastOfContainer {
  readonly steps: readonly PastStep[]
  readonly problems: readonly string[]
}

export interface PreviewHostParts {
  readonly containers: readonly RunningContainer[]
  readonly readPast: (vmid: number) => PastOfContainer
  readonly config: Pick<ModelConfig, 'scaling' | 'tiers' | 'schedules' | 'ignore_lxc' | 'interval_seconds'>
  readonly days: number
  readonly host: Pick<HostSize, 'cores' | 'memoryMb'>
  readonly memoryMargin: MemoryMargin
  readonly utcOffsetMs: number
}

export interface PreviewProgress {
  update(done: number, name: string): void
  nextPart(): Promise<void>
}

type HostPreview = Pick<PreviewBody, 'notes' | 'containers' | 'left_out' | 'totals'>

/** All containers, one after the other; one that cannot be told of costs no other its turn. */
export async function previewHost(parts: PreviewHostParts, progress: PreviewProgress): Promise<HostPreview> {
  const containers: PreviewedContainer[] = []
  const leftOut: LeftOutContainer[] = []
  for (const [done, container] of parts.containers.entries()) {
    await progress.nextPart()
    const { vmid, name } = container
    const told = tellOf(parts, container, share => progress.update(done + share, `${vmid}`))
    if (typeof told === 'string') leftOut.push({ lxc_id: vmid, name, reason: told })
    else containers.push(told)
  }
  return { notes: notesOf(containers, parts.days), totals: totalsOf(containers), containers, left_out: leftOut }
}

/** A container, or why it cannot be told of. */
function tellOf(
  parts: PreviewHostParts,
  container: RunningContainer,
  onProgress: (share: number) => void,
): PreviewedContainer | string {
  const { vmid, name } = container
  const { mode, settings } = settingsOf(parts, container)
  if (mode?.value === 'off') return `left alone: mode off (${mode.from})`
  const past = pastOrProblem(parts, vmid)
  if (typeof past === 'string') return past
  const { isSized, now, remarks } = sizesOf(parts, container, settings)
  const { utcOffsetMs, memoryMargin, config, days } = parts
  const job = { vmid, settings, steps: past.steps, isSized, utcOffsetMs, memoryMargin, swapMb: now.swap_mb ?? 0 }
  const preview = previewContainer({ ...job, intervalS: config.interval_seconds }, onProgress)
  if (preview === undefined) return past.problems[0] ?? 'Proxmox has kept nothing of it in this time'
  const wish = mode?.value === 'recommend' ? [`mode recommend (${mode.from}): it would only have been said`] : []
  return {
    lxc_id: vmid,
    name,
    policy: settings.scaling.policy,
    now,
    ...preview,
    remarks: [...past.problems, ...knownRemark(preview.known, days), ...wish, ...remarks, ...nowRemarks(now, preview)],
  }
}

interface Sizes extends Pick<PreviewedContainer, 'now' | 'remarks'> {
  readonly isSized: PreviewJob['isSized']
}

/** What it has, and what of it the model would size. */
function sizesOf({ host }: PreviewHostParts, { limits, raw }: RunningContainer, settings: ContainerSettings): Sizes {
  const configured = {
    cores: limits.cores ?? null,
    cpuLimit: limits.cpuLimit ?? null,
    memoryMb: limits.memoryMb ?? null,
  }
  const as = (cpuUnit: 'cores' | 'cpulimit') => allocationOf(configured, { cpuUnit, hostCores: host.cores })
  const { cores, memoryMb } = as(settings.scaling.cpu_unit)
  const isSized = {
    cores: cores !== undefined && raw.cores === undefined,
    memory: memoryMb !== undefined && raw.memory === undefined,
  }
  return {
    isSized,
    now: { cores: as('cpulimit').cores ?? null, memory_mb: memoryMb ?? null, swap_mb: limits.swapMb ?? null },
    remarks: [
      ...(isSized.cores ? [] : [`cores are not sized: ${raw.cores ?? 'its cpulimit is below its cores'}`]),
      ...(isSized.memory ? [] : [`memory is not sized: ${raw.memory ?? 'its limit is not known'}`]),
    ],
  }
}

interface ModeAndSettings {
  readonly mode: ContainerSettings['provenance'][string] | undefined
  readonly settings: ContainerSettings
}

/** What would only be recommended is shown as if it were done. */
function settingsOf({ config, host }: PreviewHostParts, { vmid, name, tags }: RunningContainer): ModeAndSettings {
  const { scaling, tiers, schedules, ignore_lxc: ignoreLxc } = config
  const input = { vmid, name, tags, scaling, tiers, schedules, ignoreLxc, host }
  const settings = containerSettings(input)
  const mode = settings.provenance['mode']
  if (mode?.value !== 'recommend') return { mode, settings }
  return { mode, settings: containerSettings({ ...input, orderedMode: 'auto' }) }
}

function pastOrProblem({ readPast }: PreviewHostParts, vmid: number): PastOfContainer | string {
  try {
    return readPast(vmid)
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return error.message
  }
}

/** So much of what was asked for is all of it: Proxmox writes its files now and then only. */
const WHOLE_SHARE = 0.95
const SECONDS_PER_DAY = MS_PER_DAY / MS_PER_SECOND

function knownRemark(known: PreviewedContainer['known'], days: number): string[] {
  const knownDays = known.reduce((sum, { seconds }) => sum + seconds, 0) / SECONDS_PER_DAY
  return knownDays >= days * WHOLE_SHARE ? [] : [`only ${knownDays.toFixed(1)} of ${days} days are known`]
}

const SAME_SHARE = 0.01

/** What it has now, where that is not what it had. */
function nowRemarks(
  { cores, memory_mb: memoryMb }: PreviewedContainer['now'],
  had: Pick<PreviewedContainer, 'cores' | 'memory_mb'>,
): string[] {
  const isOther = (now: number | null, { had_mean: mean }: PreviewedResource) =>
    now !== null && mean !== null && Math.abs(now - mean) > SAME_SHARE * mean
  return [
    ...(isOther(cores, had.cores) ? [`it has ${cores} cores now`] : []),
    ...(isOther(memoryMb, had.memory_mb) ? [`it has ${memoryMb} MB of memory now`] : []),
  ]
}

function totalsOf(containers: readonly PreviewedContainer[]): PreviewTotals {
  const sum = (figure: (container: PreviewedContainer) => number) =>
    containers.reduce((total, container) => total + figure(container), 0)
  const resource = (name: 'cores' | 'memory_mb') => {
    const of = (figure: (resource: PreviewedResource) => number | null) =>
      sum(container => (container[name].is_sized ? (figure(container[name]) ?? 0) : 0))
    return {
      had_mean: of(({ had_mean }) => had_mean),
      used_mean: of(({ used_mean }) => used_mean),
      would_mean: of(({ would_mean }) => would_mean),
      freed_hours: of(({ freed_hours }) => freed_hours),
      short_seconds: of(({ short_seconds }) => short_seconds),
      short_times: of(({ short }) => short.length),
    }
  }
  return {
    cores: resource('cores'),
    memory_mb: resource('memory_mb'),
    changes: sum(({ changes }) => changes),
    kills: sum(({ kills }) => kills),
  }
}
