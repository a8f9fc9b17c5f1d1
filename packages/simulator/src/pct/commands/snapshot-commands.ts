import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { type ConfSection, type ConfValues, type ContainerConf, without, withValue } from '../../host/conf-text.ts'
import { BOOLEAN, SNAPSHOT_NAME, TEXT, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { assertUnlocked, type Context, isTemplate, loadConf, locked, runs, unlocked, writeConf } from '../context.ts'
import { Failure } from '../failure.ts'
import { lockConfig, lockMigration } from '../locks.ts'
import { kill } from '../power.ts'
import { isRaw, lvmLine } from '../storage-lines.ts'
import { changeVolumes, readVolumes, storageFeatures, storageType, type Volume, volumesOf } from '../volumes.ts'
import { runWorker } from '../worker.ts'
import { startIfAllowed } from './power-commands.ts'

const RESERVED = ['current', 'vzdump']

/** `pct snapshot VMID NAME [--description TEXT]` */
export const snapshot: Command = {
  positional: ['vmid', 'snapname'],
  options: { vmid: VMID, snapname: SNAPSHOT_NAME, description: TEXT },
  run: async (context, args) => {
    const name = args.values['snapname'] ?? ''
    if (RESERVED.includes(name)) throw new Failure(`unable to use snapshot name '${name}' (reserved name)`)
    const vmid = vmidOf(args)
    await runWorker(context, { type: 'vzsnapshot', vmid }, worker =>
      takeSnapshot(worker, vmid, { name, description: args.values['description'] }),
    )
    return undefined
  },
}

/** `pct delsnapshot VMID NAME [--force]` */
export const delsnapshot: Command = {
  positional: ['vmid', 'snapname'],
  options: { vmid: VMID, snapname: SNAPSHOT_NAME, force: BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    const name = args.values['snapname'] ?? ''
    await runWorker(context, { type: 'vzdelsnapshot', vmid }, async worker => {
      const remove = () => removeSnapshot(worker, vmid, name)
      await (args.values['force'] === '1' ? remove() : withMigrationLock(worker, vmid, remove))
    })
    return undefined
  },
}

/** `pct rollback VMID NAME [--start]`: the container is killed and stays stopped; its limits go back too. */
export const rollback: Command = {
  positional: ['vmid', 'snapname'],
  options: { vmid: VMID, snapname: SNAPSHOT_NAME, start: BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    await runWorker(context, { type: 'vzrollback', vmid }, async worker => {
      await lockMigration(worker, vmid, async () => {
        await rollBack(worker, vmid, args.values['snapname'] ?? '')
        if (args.values['start'] === '1') await startIfAllowed(worker, vmid)
      })
    })
    return undefined
  },
}

/** A snapshot, also as part of a clone. Source: pve-guest-common, AbstractConfig.pm, snapshot_create. */
async function takeSnapshot(
  context: Context,
  vmid: number,
  { name, description }: { name: string; description: string | undefined },
): Promise<void> {
  await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    if (isTemplate(conf)) throw new Failure("you can't take a snapshot if it's a template")
    assertUnlocked(conf)
    if (conf.snapshots[name] !== undefined) throw new Failure(`snapshot name '${name}' already used`)
    const canSnapshot = volumesOf(conf.live.values).every(volume => featuresOf(context, volume).canSnapshot)
    if (!canSnapshot) throw new Failure('snapshot feature is not available')
    const section = withSnapshotKeys(copied(conf.live), {
      snapstate: 'prepare',
      snaptime: String(Math.trunc(context.time.nowMs() / MS_PER_SECOND)),
      description: description === undefined || description === '' ? undefined : `${description}\n`,
    })
    writeConf(context, vmid, withSnapshot(locked(conf, 'snapshot'), name, section))
  })
  await context.time.sleep(context.settings.taskMs.snapshotMs)
  await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    if (conf.live.values['lock'] !== 'snapshot') throw new Failure('missing snapshot lock')
    const section = conf.snapshots[name]
    if (section === undefined) throw new Failure(`snapshot '${name}' does not exist`)
    keepVolumeSnapshot(context, vmid, name, section)
    const done = withSnapshot(unlocked(conf), name, { ...section, values: without(section.values, 'snapstate') })
    writeConf(context, vmid, { ...done, live: withKey(done.live, 'parent', name) })
  })
}

async function removeSnapshot(context: Context, vmid: number, name: string): Promise<void> {
  requireSnapshot(loadConf(context, vmid), name)
  await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    assertUnlocked(conf)
    if (isTemplate(conf)) throw new Failure("you can't delete a snapshot if vm is a template")
    const section = withSnapshotKeys(requireSnapshot(conf, name), { snapstate: 'delete' })
    writeConf(context, vmid, withSnapshot(locked(conf, 'snapshot-delete'), name, section))
  })
  await context.time.sleep(context.settings.taskMs.snapshotMs)
  await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    const gone = requireSnapshot(conf, name)
    const adopt = (section: ConfSection) =>
      section.values['parent'] === name ? withKey(section, 'parent', gone.values['parent']) : section
    const others = Object.entries(conf.snapshots).filter(([key]) => key !== name)
    dropVolumeSnapshot(context, vmid, name, gone)
    const freed = unlocked(conf)
    writeConf(context, vmid, {
      ...freed,
      live: adopt(freed.live),
      snapshots: Object.fromEntries(others.map(([key, section]) => [key, adopt(section)])),
    })
  })
}

/** Source: pve-guest-common, AbstractConfig.pm, snapshot_rollback. */
async function rollBack(context: Context, vmid: number, name: string): Promise<void> {
  await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    if (isTemplate(conf)) throw new Failure("you can't rollback if vm is a template")
    const section = requireSnapshot(conf, name)
    for (const volume of volumesOf(section.values)) assertNewest(context, vmid, volume, name)
    const { snapstate } = section.values
    if (snapstate !== undefined) {
      throw new Failure(`unable to rollback to incomplete snapshot (snapstate = ${snapstate})`)
    }
    assertUnlocked(conf)
    if (runs(context, vmid)) await kill(context, vmid)
    writeConf(context, vmid, locked(loadConf(context, vmid), 'rollback'))
  })
  await context.time.sleep(context.settings.taskMs.rollbackMs)
  await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    if (conf.live.values['lock'] !== 'rollback') throw new Failure('got wrong lock')
    const section = copied(requireSnapshot(conf, name))
    restoreVolumes(context, vmid, name, section)
    const kept = Object.fromEntries(
      Object.entries(conf.live.values).filter(([key]) => key === 'description' || /^unused\d+$/.test(key)),
    )
    const live = { ...section, values: { ...kept, ...section.values, parent: name } }
    writeConf(context, vmid, { live, pending: {}, snapshots: conf.snapshots })
  })
}

async function withMigrationLock(context: Context, vmid: number, body: () => Promise<void>): Promise<void> {
  let hasLock = false
  try {
    await lockMigration(context, vmid, async () => {
      hasLock = true
      await body()
    })
  } catch (error) {
    if (hasLock || !(error instanceof Failure)) throw error
    throw new Failure('Failed to obtain guest migration lock - replication running?')
  }
}

/** The keys that a snapshot keeps of a configuration, or a configuration gets from a snapshot. */
function copied({ values, lxc }: ConfSection): ConfSection {
  const dropped = new Set(['snapstate', 'snaptime', 'lock', 'digest', 'description'])
  const kept = Object.entries(values).filter(([key]) => !dropped.has(key) && !/^unused\d+$/.test(key))
  return { values: Object.fromEntries(kept), lxc }
}

function requireSnapshot(conf: ContainerConf, name: string): ConfSection {
  const section = conf.snapshots[name]
  if (section === undefined) throw new Failure(`snapshot '${name}' does not exist`)
  return section
}

function withSnapshot(conf: ContainerConf, name: string, section: ConfSection): ContainerConf {
  return { ...conf, snapshots: { ...conf.snapshots, [name]: section } }
}

function withKey(section: ConfSection, key: string, value: string | undefined): ConfSection {
  return { ...section, values: withValue(section.values, key, value) }
}

function withSnapshotKeys(section: ConfSection, keys: Readonly<Record<string, string | undefined>>): ConfSection {
  let values: ConfValues = section.values
  for (const [key, value] of Object.entries(keys)) values = withValue(values, key, value ?? values[key])
  return { ...section, values }
}

function featuresOf({ settings }: Context, volume: Volume) {
  return storageFeatures(storageType(settings, volume))
}

function keepVolumeSnapshot(context: Context, vmid: number, name: string, section: ConfSection): void {
  const { output, paths, settings } = context
  const added = { name, wasMounted: runs(context, vmid) }
  for (const volume of volumesOf(section.values)) {
    const { volid } = volume
    changeVolumes(paths, vmid, ({ snapshots }) => ({
      snapshots: { ...snapshots, [volid]: [...(snapshots[volid] ?? []), added] },
    }))
    output.out(lvmLine({ type: storageType(settings, volume), volid, bytes: 0 }, 'created', name))
  }
}

function dropVolumeSnapshot({ output, paths, settings }: Context, vmid: number, name: string, gone: ConfSection): void {
  for (const volume of volumesOf(gone.values)) {
    const { volid } = volume
    changeVolumes(paths, vmid, ({ snapshots }) => ({
      snapshots: { ...snapshots, [volid]: (snapshots[volid] ?? []).filter(other => other.name !== name) },
    }))
    output.out(lvmLine({ type: storageType(settings, volume), volid, bytes: 0 }, 'successfully removed', name))
  }
}

/** The volumes as they were. An ext4 that was mounted then says that somebody has it in use. */
function restoreVolumes({ output, paths, settings }: Context, vmid: number, name: string, section: ConfSection): void {
  for (const volume of volumesOf(section.values)) {
    const print = { type: storageType(settings, volume), volid: volume.volid, bytes: 0 }
    changeVolumes(paths, vmid, ({ snapshots, inUse }) => {
      const { wasMounted = false } = snapshots[volume.volid]?.find(other => other.name === name) ?? {}
      return { inUse: wasMounted && isRaw(print.type) ? [...inUse, volume.volid] : inUse }
    })
    output.out(lvmLine(print, 'successfully removed') + lvmLine(print, 'created'))
  }
}

/** ZFS can only go back to the newest snapshot of a volume. */
function assertNewest(context: Context, vmid: number, volume: Volume, name: string): void {
  if (!featuresOf(context, volume).rollsBackNewestOnly) return
  const newest = readVolumes(context.paths, vmid).snapshots[volume.volid]?.at(-1)?.name
  if (newest !== undefined && newest !== name) {
    throw new Failure(`can't rollback, '${name}' is not most recent snapshot on '${volume.volid}'`)
  }
}
