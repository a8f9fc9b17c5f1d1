import { BYTES_PER_MB } from '@lxc-autoscale/core/units'
import { containerCgroup } from '../files/host-paths.ts'
import { readIfThere } from '../files/json-file.ts'
import type { ContainerConf } from '../host/conf-text.ts'
import { writeJournal } from '../host/journal.ts'
import { withKernel } from '../host/kernel-lock.ts'
import { readClock, readRun, writeRun } from '../host/runs.ts'
import { parseFlatKeyed } from '../kernel/flat-keyed.ts'
import { limitText, readLimit, writeKernelFile } from '../kernel/kernel-file.ts'
import { memoryConstraints } from '../kernel/memory-constraints.ts'
import { memoryEventTexts, readMemory } from '../kernel/memory-files.ts'
import { currentBytes, formatMemoryStat } from '../kernel/memory-state.ts'
import { enforceLimits, reclaimTo, sumOfEvents } from '../kernel/reclaim.ts'
import { FAST_OPTIONS } from '../schema/config-options.ts'
import { assertBridge, type Context } from './context.ts'
import { Failure } from './failure.ts'
import { pendingDeletes, settle } from './pending.ts'

/** The configuration after what could be changed at once, and what could not: option -> reason. */
export interface HotplugOutcome {
  readonly conf: ContainerConf
  readonly problems: Readonly<Record<string, string>>
}

/** Smallest quota that the kernel takes. Source: Linux, kernel/sched/core.c, min_cfs_quota_period. */
const MIN_QUOTA_USEC = 1_000
const MAX_WEIGHT = 10_000
const RECLAIM_MB_PER_MS = 4

/** An option that has no effect before the next start. */
const NOT_NOW = Symbol('not now')

/**
 * Brings the pending changes among `modified` into force on a running container, in the order in which Proxmox does it:
 * what needs no more than the configuration, deletions, then the rest by name. The configuration is not written here.
 * Source: pve-container, LXC/Config.pm, vmconfig_hotplug_pending.
 */
export async function hotplugPending(
  context: Context,
  vmid: number,
  before: ContainerConf,
  modified: ReadonlySet<string>,
): Promise<HotplugOutcome> {
  const fast = Object.keys(before.pending).filter(key => modified.has(key) && FAST_OPTIONS.has(key))
  let conf = fast.reduce(settle, before)
  const problems: Record<string, string> = {}
  const attempt = async (option: string, change: () => Promise<typeof NOT_NOW | undefined>) => {
    const reason = context.settings.hotplugErrors[option]
    const outcome = reason === undefined ? await tryOut(change) : `${reason}\n`
    if (outcome === NOT_NOW) return
    if (outcome === undefined) conf = settle(conf, option)
    else problems[option] = `unable to hotplug ${option}: ${outcome}`
  }
  for (const option of pendingDeletes(conf.pending).filter(key => modified.has(key))) {
    await attempt(option, () => removeNow(context, vmid, option))
  }
  const wanted = conf.pending
  for (const option of Object.keys(wanted)
    .filter(key => key !== 'delete' && modified.has(key))
    .sort()) {
    await attempt(option, () => changeNow(context, vmid, { option, wanted, conf }))
  }
  return { conf, problems }
}

class Refused extends Error {}

async function tryOut(change: () => Promise<typeof NOT_NOW | undefined>): Promise<typeof NOT_NOW | string | undefined> {
  try {
    return await change()
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

async function removeNow(context: Context, vmid: number, option: string): Promise<typeof NOT_NOW | undefined> {
  const cgroup = containerCgroup(context.paths, vmid)
  if (FAST_OPTIONS.has(option) || /^(unused|net)\d+$/.test(option)) return undefined
  if (option === 'swap') await setMemory(context, vmid, undefined, 0)
  else if (option === 'cpulimit') writeKernelFile(`${cgroup}/cpu.max`, 'max 100000\n')
  else if (option === 'cpuunits') writeKernelFile(`${cgroup}/cpu.weight`, '100\n')
  else return NOT_NOW
  return undefined
}

interface Wanted {
  readonly option: string
  readonly wanted: Readonly<Record<string, string>>
  readonly conf: ContainerConf
}

async function changeNow(
  context: Context,
  vmid: number,
  { option, wanted, conf }: Wanted,
): Promise<typeof NOT_NOW | undefined> {
  const value = wanted[option] ?? ''
  if (option === 'cpulimit') setQuota(context, vmid, Math.trunc(100_000 * Number(value)))
  else if (option === 'cpuunits') setWeight(context, vmid, Number(value))
  else if (option === 'memory') await setMemory(context, vmid, Number(value), asNumber(wanted['swap']))
  else if (option === 'swap') {
    // With both, the memory has brought the swap into force before.
    if (wanted['memory'] === undefined) await setMemory(context, vmid, undefined, Number(value))
  } else if (/^net\d+$/.test(option)) plugNetwork(context, value)
  else if (!isNewDevice(option, conf)) return NOT_NOW
  return undefined
}

function plugNetwork({ settings }: Context, network: string): void {
  try {
    assertBridge(settings, network)
  } catch (error) {
    throw error instanceof Failure ? new Refused(`${error.message}\n`) : error
  }
}

/** A mount point or device can be added while the container runs, not replaced. */
function isNewDevice(option: string, conf: ContainerConf): boolean {
  return /^(mp|dev)\d+$/.test(option) && conf.live.values[option] === undefined
}

function setQuota({ paths }: Context, vmid: number, quotaUsec: number): void {
  if (quotaUsec < MIN_QUOTA_USEC)
    throw new Refused(`closing file '/sys/fs/cgroup/lxc/${vmid}/cpu.max' failed - Invalid argument\n`)
  writeKernelFile(`${containerCgroup(paths, vmid)}/cpu.max`, `${quotaUsec} 100000\n`)
}

function setWeight({ paths }: Context, vmid: number, weight: number): void {
  if (weight < 1 || weight > MAX_WEIGHT) throw new Refused(`cpu weight (shares) must be in range [1, ${MAX_WEIGHT}]\n`)
  writeKernelFile(`${containerCgroup(paths, vmid)}/cpu.weight`, `${weight}\n`)
}

/** Swap limit, then `memory.high`, then `memory.max`; the command waits while the kernel reclaims. */
async function setMemory(
  context: Context,
  vmid: number,
  memoryMb: number | undefined,
  swapMb: number | undefined,
): Promise<void> {
  const { paths, time } = context
  const cgroup = containerCgroup(paths, vmid)
  const reclaimedBytes = await withKernel(paths.root, () => {
    if (swapMb !== undefined) writeKernelFile(`${cgroup}/memory.swap.max`, limitText(swapMb * BYTES_PER_MB))
    if (memoryMb === undefined) return 0
    const { maxBytes, highBytes } = memoryConstraints(memoryMb)
    const fromBytes = readLimit(`${cgroup}/memory.max`) ?? Number.POSITIVE_INFINITY
    writeKernelFile(`${cgroup}/memory.high`, limitText(highBytes))
    writeKernelFile(`${cgroup}/memory.max`, limitText(maxBytes))
    const { goneBytes, floorBytes, kills } = squeeze(context, vmid, { max: maxBytes, high: highBytes })
    writeJournal(paths, context.settings, { kind: 'memory', vmid, fromBytes, toBytes: maxBytes, floorBytes, kills })
    return goneBytes
  })
  await time.sleep(reclaimedBytes / BYTES_PER_MB / RECLAIM_MB_PER_MS)
}

interface Squeezed {
  /** What was taken, what could not have been, and how many were killed for it. */
  readonly goneBytes: number
  readonly floorBytes: number
  readonly kills: number
}

const UNTOUCHED: Squeezed = { goneBytes: 0, floorBytes: 0, kills: 0 }

/** Does to the memory of a container what the kernel does within the write of a limit. */
function squeeze({ paths }: Context, vmid: number, limits: { max: number; high: number }): Squeezed {
  const cgroup = containerCgroup(paths, vmid)
  const run = readRun(paths, vmid)
  if (run === undefined) return UNTOUCHED
  const { memory, memoryEvents, innerEvents } = readMemory(cgroup)
  // A test has put a text of its own there: the engine knows what is true, and enforces the limit with its next step.
  if (currentBytes(memory) !== readLimit(`${cgroup}/memory.current`)) return UNTOUCHED
  const swapMax = readLimit(`${cgroup}/memory.swap.max`) ?? 0
  const { state, events } = enforceLimits(memory, { ...limits, swapMax })
  const goneBytes = currentBytes(memory) - currentBytes(state)
  const floorBytes = currentBytes(reclaimTo(memory, 0, swapMax))
  if (goneBytes === 0) return { ...UNTOUCHED, floorBytes }
  if (events.oomKill > 0) {
    const clock = readClock(paths)
    writeRun(paths, { ...run, workloadSinceMs: clock.workloadMs, workloadUptimeMs: clock.uptimeMs })
  }
  const faults = parseFlatKeyed(readIfThere(`${cgroup}/memory.stat`) ?? '').get('pgfault') ?? 0
  writeKernelFile(`${cgroup}/memory.stat`, formatMemoryStat(state, faults))
  writeKernelFile(`${cgroup}/memory.swap.current`, `${state.swap}\n`)
  const after = sumOfEvents(memoryEvents, events)
  for (const [path, text] of memoryEventTexts(cgroup, after, innerEvents)) writeKernelFile(path, text)
  writeKernelFile(`${cgroup}/memory.current`, `${currentBytes(state)}\n`)
  return { goneBytes, floorBytes, kills: events.oomKill }
}

function asNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
