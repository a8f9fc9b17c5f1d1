import { requestState } from '../engine/high-availability.ts'
import type { ContainerConf } from '../host/conf-text.ts'
import { withKernel } from '../host/kernel-lock.ts'
import { startContainer, stopContainer } from '../host/lifecycle.ts'
import { readClock } from '../host/runs.ts'
import { type Context, isTemplate, loadConf, writeConf } from './context.ts'
import { Failure } from './failure.ts'
import { applyPending } from './pending.ts'

/** Leaves it to the HA manager, which acts later. */
export function requestHighAvailability(
  { paths, settings, output }: Context,
  vmid: number,
  wanted: 'started' | 'stopped',
): void {
  output.out(`Requesting HA ${wanted === 'started' ? 'start' : 'stop'} for CT ${vmid}\n`)
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
  await context.time.sleep(context.settings.taskMs.startMs)
  await withKernel(context.paths.root, () => startContainer(context.paths, context.identity, vmid, applied))
}

/** Kills a container at once; what was pending comes into force, as the post-stop hook has it. */
export async function kill(context: Context, vmid: number): Promise<void> {
  await withKernel(context.paths.root, () => stopContainer(context.paths, vmid))
  const conf = loadConf(context, vmid)
  if (Object.keys(conf.pending).length > 0) writeConf(context, vmid, applyPending(conf))
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
  const seconds = timeoutMs / 1_000
  output.err(`command 'lxc-stop -n ${vmid} --nokill --timeout ${seconds}' failed: exit code 1\n`)
  // Proxmox waits once more, five seconds longer, for a guest that is only slow.
  await time.sleep(timeoutMs + 5_000)
  throw new Failure('container did not stop')
}
