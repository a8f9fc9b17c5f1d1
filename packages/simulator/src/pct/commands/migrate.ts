import { MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { queueCrmCommand } from '../../engine/high-availability.ts'
import { addressOf, giveGuest, isOnline } from '../../host/cluster-files.ts'
import type { ContainerConf } from '../../host/conf-text.ts'
import { removeLxcConfig } from '../../host/container-conf.ts'
import type { HostSettings, StorageType } from '../../host/settings.ts'
import { BOOLEAN, SECONDS, TEXT, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import {
  assertQuorum,
  assertUnlocked,
  type Context,
  isHighlyAvailable,
  loadConf,
  locked,
  runs,
  unlocked,
  writeConf,
} from '../context.ts'
import { Failure, ParameterFailure } from '../failure.ts'
import { lockConfig, lockMigration } from '../locks.ts'
import { contextOn } from '../other-node.ts'
import { halt, start } from '../power.ts'
import { storageType, volumesOf } from '../volumes.ts'
import { runWorker } from '../worker.ts'

const USUAL_TIMEOUT_SECONDS = 180
/** Storages that all nodes see. Source: pve-storage, Storage/*Plugin.pm, `shared`. */
const SHARED_TYPES: readonly (StorageType | undefined)[] = ['rbd', 'nfs']
/** Local ones whose snapshots can be sent. Source: pve-container, LXC/Migrate.pm, phase1. */
const SENDS_SNAPSHOTS: readonly (StorageType | undefined)[] = ['zfspool', 'btrfs']

/** How a container is moved. */
export interface Move {
  readonly vmid: number
  readonly target: string
  /** A running one is shut down for it, within this time, and started over there. */
  readonly restartTimeoutMs?: number
  readonly isOnline?: boolean
}

/** `pct migrate VMID TARGET [--restart [--timeout 180]] [--online]` */
export const migrate: Command = {
  positional: ['vmid', 'target'],
  options: {
    vmid: VMID,
    target: TEXT,
    online: BOOLEAN,
    restart: BOOLEAN,
    timeout: SECONDS,
    'target-storage': TEXT,
    bwlimit: { type: 'number', minimum: 0 },
  },
  run: async (context, args) => {
    const { target = '', restart, online, timeout } = args.values
    const vmid = vmidOf(args)
    assertTarget(context, target)
    loadConf(context, vmid)
    if (runs(context, vmid) && restart !== '1' && online !== '1') {
      throw new Failure("can't migrate running container without --online or --restart")
    }
    const restartTimeoutMs = restart === '1' ? Number(timeout ?? USUAL_TIMEOUT_SECONDS) * MS_PER_SECOND : undefined
    const isManaged = isHighlyAvailable(context, vmid)
    await runWorker(context, { type: isManaged ? 'hamigrate' : 'vzmigrate', vmid }, async worker => {
      if (isManaged) {
        worker.output.out(`Requesting HA migration for CT ${vmid} to node ${target}\n`)
        queueCrmCommand(worker.paths, `migrate ct:${vmid} ${target}`)
        return
      }
      const move = { vmid, target, isOnline: online === '1' }
      await lockMigration(worker, vmid, () =>
        moveContainer(worker, restartTimeoutMs === undefined ? move : { ...move, restartTimeoutMs }),
      )
    })
    return undefined
  },
}

function assertTarget(context: Context, target: string): void {
  const { identity, settings } = context
  if (target === identity.node) throw new ParameterFailure({ target: 'target is local node.' })
  assertQuorum(context)
  if (!settings.nodes.includes(target)) throw new Failure(`no such cluster node '${target}'`)
}

/**
 * Moves a container to another node, with its log on stdout. Source: pve-guest-common, AbstractMigrate.pm, migrate.
 * @throws {Failure} when it was not moved; one that was shut down for it is running again then
 */
export async function moveContainer(context: Context, move: Move): Promise<void> {
  const { time } = context
  const sinceMs = time.nowMs()
  const duration = () => clockText(time.nowMs() - sinceMs)
  try {
    await lockConfig(context, move.vmid, () => moveLocked(context, move))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log(context, `migration aborted (duration ${duration()}): ${error.message}`, 'ERROR: ')
    throw new Failure('migration aborted')
  }
  log(context, `migration finished successfully (duration ${duration()})`)
}

async function moveLocked(context: Context, move: Move): Promise<void> {
  const { vmid, target, restartTimeoutMs } = move
  const wasRunning = runs(context, vmid)
  const conf = loadConf(context, vmid)
  assertMovable(context, move, conf)
  if (wasRunning && restartTimeoutMs !== undefined) {
    log(context, `shutdown CT ${vmid}`)
    await halt(context, vmid, { timeoutMs: restartTimeoutMs, killAfter: false })
  }
  try {
    await transfer(context, move, conf)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log(context, error.message, 'ERROR: ')
    log(context, 'aborting phase 1 - cleanup resources')
    log(context, 'start final cleanup')
    writeConf(context, vmid, unlocked(loadConf(context, vmid)))
    if (wasRunning) {
      log(context, 'start container on source node')
      await start(context, vmid, loadConf(context, vmid))
    }
    throw error
  }
  log(context, 'start final cleanup')
  const there = contextOn(context, target)
  writeConf(there, vmid, unlocked(loadConf(there, vmid)))
  if (!wasRunning) return
  log(context, 'start container on target node')
  log(
    context,
    `# /usr/bin/ssh -e none -o 'BatchMode=yes' -o 'HostKeyAlias=${target}' root@${addressOf(context.settings, target)} pct start ${vmid}`,
  )
  await lockConfig(there, vmid, () => start(there, vmid, loadConf(there, vmid)))
}

function assertMovable(context: Context, move: Move, conf: ContainerConf): void {
  assertUnlocked(conf)
  const isRunning = runs(context, move.vmid)
  if (isRunning && move.isOnline === true) throw new Failure('lxc live migration is currently not implemented')
  if (isRunning && move.restartTimeoutMs === undefined) {
    throw new Failure('running container can only be migrated in restart mode')
  }
  for (const { key, kind, options } of volumesOf(conf.live.values)) {
    if (kind === 'volume' || options['shared'] === '1') continue
    throw new Failure(`cannot migrate local ${kind} mount point '${key}'`)
  }
  if (!isOnline(context.settings, context.identity, move.target))
    throw new Failure("Can't connect to destination address using public key")
}

/** Copies what is not shared, under the lock `migrate`, and hands the configuration over. */
async function transfer(context: Context, { vmid, target }: Move, conf: ContainerConf): Promise<void> {
  const { paths, identity, settings } = context
  log(context, `starting migration of CT ${vmid} to node '${target}' (${addressOf(settings, target)})`)
  writeConf(context, vmid, locked(conf, 'migrate'))
  await copyVolumes(context, conf)
  assertQuorum(context)
  writeConf(context, vmid, locked(conf, 'migrate'))
  await giveGuest(paths, vmid, identity.node, target)
  removeLxcConfig(paths, vmid)
}

async function copyVolumes(context: Context, conf: ContainerConf): Promise<void> {
  const { settings, time } = context
  const isShared = (type: StorageType | undefined) => SHARED_TYPES.includes(type)
  const volumes = volumesOf(conf.live.values).filter(({ kind }) => kind === 'volume')
  const local = volumes.filter(volume => !isShared(storageType(settings, volume)))
  for (const { volid, storage } of volumes.filter(volume => !local.includes(volume))) {
    log(context, `volume '${volid}' is on shared storage '${storage}'`)
  }
  for (const { volid } of local) log(context, `found local volume '${volid}' (in current VM config)`)
  const refused = local.filter(({ volid, storage }) => hasStuckSnapshot(settings, conf, volid, storage))
  for (const { volid } of refused) log(context, `can't migrate local volume '${volid}': non-migratable snapshot exists`)
  if (refused.length > 0) throw new Failure("can't migrate CT - check log")
  if (local.length > 0) await time.sleep(settings.taskMs.migrateMs)
  for (const { volid } of local) log(context, `volume '${volid}' is '${volid}' on the target`)
}

function hasStuckSnapshot({ storages }: HostSettings, conf: ContainerConf, volid: string, storage: string): boolean {
  if (SENDS_SNAPSHOTS.includes(storages[storage])) return false
  return Object.values(conf.snapshots).some(({ values }) => volumesOf(values).some(volume => volume.volid === volid))
}

/** One line of the task's log. Source: AbstractMigrate.pm, log. */
function log({ output, time }: Context, text: string, mark = ''): void {
  const at = new Date(time.nowMs())
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  output.out(`${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${mark}${text}\n`)
}

function clockText(ms: number): string {
  const parts = [ms / (60 * MS_PER_MINUTE), (ms / MS_PER_MINUTE) % 60, (ms / MS_PER_SECOND) % 60]
  return parts.map(part => String(Math.trunc(part)).padStart(2, '0')).join(':')
}
