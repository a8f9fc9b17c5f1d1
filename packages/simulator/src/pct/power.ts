import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { requestState } from '../engine/high-availability.ts'
import type { ContainerConf } from '../host/conf-text.ts'
import { setHaState } from '../host/ha-resources.ts'
import { withKernel } from '../host/kernel-lock.ts'
import { startContainer, stopContainer } from '../host/lifecycle.ts'
import { readClock } from '../host/runs.ts'
import { type Context, isTemplate, isWritable, loadConf, regenerate, writeConf } from './context.ts'
import { Failure } from './failure.ts'
import { applyPending } from './pending.ts'
import { assertVolume, changeVolumes, readVolumes, volumesOf } from './volumes.ts'
import { warnOfGuest } from './worker.ts'

/** Leaves it to the HA manager, which acts later. */
export function requestHighAvailability(
  { paths, settings, output }: Context,
  vmid: number,
  wanted: 'started' | 'stopped',
): void {
  output.out(`Requesting HA ${wanted === 'started' ? 'start' : 'stop'} for CT ${vmid}\n`)
  setHaState(paths, vmid, wanted)
  requestState(paths, vmid, { wanted, dueUptimeMs: readClock(paths).uptimeMs + settings.haDelayMs })
}

/**
 * Starts a container; what was pending comes into force. The caller holds its lock.
 * @throws {Failure} for a template, and when the configuration cannot be written
 */
export async function start(context: Context, vmid: number, conf: ContainerConf): Promise<void> {
  if (isTemplate(conf)) throw new Failure("you can't start a CT if it's a template")
  const applied = Object.keys(conf.pending).length > 0 ? applyPending(conf) : conf
  if (applied !== conf) writeConf(context, vmid, applied)
  regenerate(context, vmid, applied)
  const volumes = volumesOf(applied.live.values)
  for (const volume of volumes) assertVolume(context, vmid, volume)
  assertHookAllows(context, vmid, applied)
  await context.time.sleep(context.settings.taskMs.startMs)
  await mount(context, vmid)
  warnOfGuest(context)
  await withKernel(context.paths.root, () => startContainer(context.paths, context.identity, vmid, applied))
}

/** The hook that runs before the start of a container looks again, whoever starts it. */
function assertHookAllows({ settings }: Context, vmid: number, { live }: ContainerConf): void {
  const { lock } = live.values
  if (settings.quorate && (lock === undefined || lock === 'mounted')) return
  throw new Failure(`startup for container '${vmid}' failed`)
}

/** Waits where the kernel does not know whether somebody else has an ext4 in use. Source: Linux, fs/ext4/mmp.c. */
async function mount({ paths, settings, time }: Context, vmid: number): Promise<void> {
  if (readVolumes(paths, vmid).inUse.length === 0) return
  await time.sleep(settings.taskMs.slowMountMs)
  changeVolumes(paths, vmid, () => ({ inUse: [] }))
}

/** Kills a container at once; what was pending comes into force by the post-stop hook, whose failure nobody sees. */
export async function kill(context: Context, vmid: number): Promise<void> {
  await withKernel(context.paths.root, () => stopContainer(context.paths, vmid))
  const conf = loadConf(context, vmid)
  if (Object.keys(conf.pending).length > 0 && isWritable(context)) writeConf(context, vmid, applyPending(conf))
}

/**
 * Asks a container to halt and waits; with `killAfter` it is killed when it does not.
 * @throws {Failure} when it did not stop
 */
export async function halt(
  context: Context,
  vmid: number,
  { timeoutMs, killAfter }: { timeoutMs: number; killAfter: boolean },
): Promise<void> {
  const { settings, output, time } = context
  const reacts = !settings.ignoresShutdown.includes(vmid)
  if (reacts && settings.taskMs.shutdownMs <= timeoutMs) {
    await time.sleep(settings.taskMs.shutdownMs)
    await kill(context, vmid)
    return
  }
  await time.sleep(timeoutMs)
  if (killAfter) {
    await kill(context, vmid)
    return
  }
  const seconds = timeoutMs / MS_PER_SECOND
  output.err(`command 'lxc-stop -n ${vmid} --nokill --timeout ${seconds}' failed: exit code 1\n`)
  // Proxmox waits once more, five seconds longer, for a guest that is only slow.
  await time.sleep(timeoutMs + 5_000)
  throw new Failure('container did not stop')
}
