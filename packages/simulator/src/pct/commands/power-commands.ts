import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { BOOLEAN, SECONDS, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { assertQuorum, assertUnlocked, type Context, isHighlyAvailable, loadConf, runs } from '../context.ts'
import { Failure } from '../failure.ts'
import { lockConfig } from '../locks.ts'
import { halt, kill, requestHighAvailability, start as startNow } from '../power.ts'
import { runWorker } from '../worker.ts'

const USUAL_TIMEOUT_SECONDS = 60

/** `pct start VMID` */
export const start: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, debug: BOOLEAN, skiplock: BOOLEAN },
  run: async (context, args) => {
    await startIfAllowed(context, vmidOf(args))
    return undefined
  },
}

/** Starts a container with all the checks of the command; also after a rollback. */
export async function startIfAllowed(context: Context, vmid: number): Promise<void> {
  if (runs(context, vmid)) throw new Failure(`CT ${vmid} already running`)
  assertQuorum(context)
  if (isHighlyAvailable(context, vmid)) {
    await runWorker(context, { type: 'hastart', vmid }, async worker =>
      requestHighAvailability(worker, vmid, 'started'),
    )
    return
  }
  await runWorker(context, { type: 'vzstart', vmid }, async worker => {
    await lockConfig(worker, vmid, async () => {
      const conf = loadConf(worker, vmid)
      if (conf.live.values['template'] !== '1') assertUnlocked(conf, 'mounted')
      await startNow(worker, vmid, conf)
    })
  })
}

/** `pct stop VMID`: at once. */
export const stop: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, skiplock: BOOLEAN, 'overrule-shutdown': BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    assertRunning(context, vmid)
    if (isHighlyAvailable(context, vmid)) {
      await requestStop(context, vmid)
      return undefined
    }
    await runWorker(context, { type: 'vzstop', vmid }, async worker => {
      await lockConfig(worker, vmid, async () => {
        assertUnlocked(loadConf(worker, vmid), 'mounted')
        await kill(worker, vmid)
      })
    })
    return undefined
  },
}

/** `pct shutdown VMID [--timeout 60] [--forceStop]`: holds the lock all the time. */
export const shutdown: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, timeout: SECONDS, forceStop: BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    assertRunning(context, vmid)
    if (isHighlyAvailable(context, vmid)) {
      await requestStop(context, vmid)
      return undefined
    }
    const timeoutMs = Number(args.values['timeout'] ?? USUAL_TIMEOUT_SECONDS) * MS_PER_SECOND
    await runWorker(context, { type: 'vzshutdown', vmid }, async worker => {
      await lockConfig(worker, vmid, async () => {
        assertUnlocked(loadConf(worker, vmid))
        await halt(worker, vmid, { timeoutMs, killAfter: args.values['forceStop'] === '1' })
      })
    })
    return undefined
  },
}

/** `pct reboot VMID [--timeout N]`: does not look at the configuration's lock. */
export const reboot: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, timeout: SECONDS },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    if (!runs(context, vmid)) throw new Failure(`VM ${vmid} not running`)
    const timeoutMs = Number(args.values['timeout'] ?? USUAL_TIMEOUT_SECONDS) * MS_PER_SECOND
    await runWorker(context, { type: 'vzreboot', vmid }, async worker => {
      await lockConfig(worker, vmid, async () => {
        if (!runs(worker, vmid)) return
        await halt(worker, vmid, { timeoutMs, killAfter: true })
        await startNow(worker, vmid, loadConf(worker, vmid))
      })
    })
    return undefined
  },
}

async function requestStop(context: Context, vmid: number): Promise<void> {
  await runWorker(context, { type: 'hastop', vmid }, async worker => requestHighAvailability(worker, vmid, 'stopped'))
}

function assertRunning(context: Context, vmid: number): void {
  if (!runs(context, vmid)) throw new Failure(`CT ${vmid} not running`)
}
