import { rmSync } from 'node:fs'
import { writeVmlist } from '../../host/cluster-files.ts'
import { type ContainerConf, EMPTY_SECTION } from '../../host/conf-text.ts'
import { removeLxcConfig } from '../../host/container-conf.ts'
import { BOOLEAN, VMID } from '../../schema/option-spec.ts'
import { workloadFile } from '../../workload/workload.ts'
import { type Command, vmidOf } from '../command.ts'
import { assertUnlocked, type Context, destroyConf, isHighlyAvailable, loadConf, runs, writeConf } from '../context.ts'
import { Failure } from '../failure.ts'
import { lockConfig } from '../locks.ts'
import { kill } from '../power.ts'
import { lvmLine } from '../storage-lines.ts'
import { assertVolume, changeVolumes, storageType, volumesOf } from '../volumes.ts'
import { runWorker } from '../worker.ts'

/** `pct destroy VMID [--force] [--purge]` */
export const destroy: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, force: BOOLEAN, purge: BOOLEAN, 'destroy-unreferenced-disks': BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    const isPurge = args.values['purge'] === '1'
    assertDestroyable(context, vmid, loadConf(context, vmid), isPurge)
    if (args.values['force'] !== '1') assertStopped(context, vmid)
    await runWorker(context, { type: 'vzdestroy', vmid }, async worker => {
      await lockConfig(worker, vmid, async () => {
        const conf = loadConf(worker, vmid)
        assertDestroyable(worker, vmid, conf, isPurge)
        if (runs(worker, vmid)) {
          if (args.values['force'] !== '1') assertStopped(worker, vmid)
          worker.output.err(`forced to stop CT ${vmid} before destroying!\n`)
          await kill(worker, vmid)
        }
        await worker.time.sleep(worker.settings.taskMs.destroyMs)
        removeVolumes(worker, vmid, conf)
        removeLxcConfig(worker.paths, vmid)
        writeConf(worker, vmid, DESTROYED)
        if (isPurge) purge(worker, vmid)
        await forget(worker, vmid)
      })
    })
    return undefined
  },
}

/** What is left of a configuration until nothing can take its number any more. */
const DESTROYED: ContainerConf = {
  live: { ...EMPTY_SECTION, values: { lock: 'destroyed' } },
  pending: {},
  snapshots: {},
}

/** The disks go before the configuration does, whether that can be written or not. */
function removeVolumes(context: Context, vmid: number, conf: ContainerConf): void {
  const { output, paths, settings } = context
  for (const volume of volumesOf(conf.live.values).filter(({ kind }) => kind === 'volume')) {
    assertVolume(context, vmid, volume)
    changeVolumes(paths, vmid, ({ gone }) => ({ gone: [...gone, volume.volid] }))
    output.out(lvmLine({ type: storageType(settings, volume), volid: volume.volid, bytes: 0 }, 'successfully removed'))
  }
}

function purge(context: Context, vmid: number): void {
  context.output.out(`purging CT ${vmid} from related configurations..\n`)
  if (isHighlyAvailable(context, vmid)) {
    context.output.out(`NOTE: removed CT ${vmid} from HA resource configuration.\n`)
  }
}

async function forget(context: Context, vmid: number): Promise<void> {
  const { paths } = context
  destroyConf(context, vmid)
  rmSync(workloadFile(paths, vmid), { force: true })
  rmSync(`${paths.volumes}/${vmid}.json`, { force: true })
  await writeVmlist(paths)
}

function assertDestroyable(context: Context, vmid: number, conf: ContainerConf, isPurge: boolean): void {
  if (conf.live.values['protection'] === '1') throw new Failure(`can't remove CT ${vmid} - protection mode enabled`)
  assertUnlocked(conf)
  if (!isPurge && isHighlyAvailable(context, vmid)) {
    throw new Failure(`unable to remove CT ${vmid} - used in HA resources and purge parameter not set.`)
  }
}

function assertStopped(context: Context, vmid: number): void {
  if (runs(context, vmid)) throw new Failure(`unable to destroy CT ${vmid} - container is running`)
}
