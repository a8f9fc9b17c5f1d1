import { existsSync, readdirSync } from 'node:fs'
import { confFile } from '../../files/host-paths.ts'
import { writeVmlist } from '../../host/cluster-files.ts'
import { type ConfSection, type ConfValues, type ContainerConf, EMPTY_SECTION, without } from '../../host/conf-text.ts'
import { macAddress, newVolumeId } from '../../host/container-spec.ts'

import { seeded } from '../../kernel/seeded.ts'
import { CONFIG_OPTIONS } from '../../schema/config-options.ts'
import { bridgeOf } from '../../schema/formats.ts'
import { BOOLEAN, type OptionSpec, SNAPSHOT_NAME, TEXT, VMID } from '../../schema/option-spec.ts'
import { readWorkload, writeWorkload } from '../../workload/workload.ts'
import { assertMay } from '../access.ts'
import { type Command, vmidOf } from '../command.ts'
import {
  assertQuorum,
  assertUnlocked,
  type Context,
  destroyConf,
  isTemplate,
  loadConf,
  locked,
  runs,
  unlocked,
  writeConf,
} from '../context.ts'
import { Failure } from '../failure.ts'
import { lockConfig } from '../locks.ts'
import { COPY_LINES, lvmLine, makeLines } from '../storage-lines.ts'
import {
  assertStorage,
  assertVolume,
  formatVolume,
  storageFeatures,
  storageType,
  type Volume,
  volumeBytes,
  volumesOf,
} from '../volumes.ts'
import { runWorker, warnOfGuest } from '../worker.ts'

const HOSTNAME: OptionSpec = CONFIG_OPTIONS['hostname'] ?? TEXT

interface Request {
  readonly vmid: number
  readonly newid: number
  readonly snapname: string | undefined
  readonly storage: string | undefined
  readonly target: string | undefined
  readonly hostname: string | undefined
  readonly description: string | undefined
  readonly full: boolean | undefined
}

/** `pct clone VMID NEWID`: the source is locked for the whole copy. Source: pve-container, API2/LXC.pm, clone_vm. */
export const clone: Command = {
  positional: ['vmid', 'newid'],
  options: {
    vmid: VMID,
    newid: VMID,
    bwlimit: { type: 'number', minimum: 0 },
    description: TEXT,
    full: BOOLEAN,
    hostname: HOSTNAME,
    pool: TEXT,
    snapname: SNAPSHOT_NAME,
    storage: TEXT,
    target: TEXT,
  },
  run: async (context, args) => {
    const { newid, snapname, storage, target, hostname, description, full } = args.values
    const request: Request = {
      vmid: vmidOf(args),
      newid: Number(newid),
      snapname,
      storage,
      target: target === context.identity.node || target === 'localhost' ? undefined : target,
      hostname,
      description,
      full: full === undefined ? undefined : full === '1',
    }
    assertNode(context, request.target)
    if (storage !== undefined) assertStorage(context.settings, storage)
    assertQuorum(context)
    const source = await lockSource(context, request.vmid)
    await reserveTarget(context, request)
    const section = await prepared(context, request, source)
    await runWorker(context, { type: 'vzclone', vmid: request.vmid }, worker => copy(worker, request, section))
    return undefined
  },
}

async function lockSource(context: Context, vmid: number): Promise<ContainerConf> {
  return await lockConfig(context, vmid, async () => {
    const conf = loadConf(context, vmid)
    assertUnlocked(conf)
    writeConf(context, vmid, locked(conf, 'disk'))
    return conf
  })
}

async function freeSource(context: Context, vmid: number): Promise<void> {
  await lockConfig(context, vmid, async () => writeConf(context, vmid, unlocked(loadConf(context, vmid))))
}

/** Writes an empty configuration with a lock, so that nobody else takes the number. */
async function reserveTarget(context: Context, { vmid, newid }: Request): Promise<void> {
  try {
    await lockConfig(
      context,
      newid,
      async () => {
        const owner = ownerOf(context, newid)
        if (owner !== undefined) throw new Failure(`CT ${newid} already exists on node '${owner}'`)
        writeConf(context, newid, {
          live: { ...EMPTY_SECTION, values: { lock: 'create' } },
          pending: {},
          snapshots: {},
        })
      },
      context.settings.createLockTimeoutMs,
    )
  } catch (error) {
    await freeSource(context, vmid)
    throw error
  }
}

/** The configuration of the clone, without its volumes. @throws {Failure} when it cannot be made; nothing is left of it then. */
async function prepared(context: Context, request: Request, source: ContainerConf): Promise<ConfSection> {
  try {
    const section = sectionToClone(request, source)
    assertVolumes(context, request, source, section)
    const plain = withoutCopies(section)
    const values: Record<string, string> = { ...plain, lock: 'create' }
    for (const key of Object.keys(plain)) {
      if (!/^net\d+$/.test(key)) continue
      values[key] = withNewAddress(plain[key] ?? '', request.newid)
      assertMayUseBridge(context, plain[key] ?? '')
    }
    if (request.hostname !== undefined) values['hostname'] = request.hostname
    if (request.description !== undefined) values['description'] = `${request.description}\n`
    await lockConfig(context, request.newid, async () =>
      writeConf(context, request.newid, { live: { values, lxc: section.lxc }, pending: {}, snapshots: {} }),
    )
    return section
  } catch (error) {
    await freeSource(context, request.vmid)
    await lockConfig(context, request.newid, async () => destroyConf(context, request.newid))
    throw error
  }
}

async function copy(context: Context, request: Request, section: ConfSection): Promise<void> {
  const { vmid, newid } = request
  const { paths, output } = context
  output.out(`creating a clone of container ${vmid} with ID ${newid}\n`)
  try {
    await copyVolumes(context, request, section)
    warnOfGuest(context)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    await lockConfig(context, newid, async () => destroyConf(context, newid))
    throw new Failure(`clone failed: ${error.message}`)
  } finally {
    await freeSource(context, vmid)
  }
  const workload = readWorkload(paths, vmid)
  writeWorkload(paths, newid, { ...workload, seed: Math.trunc(seeded(workload.seed, newid) * 2 ** 31) })
  await lockConfig(context, newid, async () => writeConf(context, newid, unlocked(loadConf(context, newid))))
  await writeVmlist(paths)
}

async function copyVolumes(context: Context, request: Request, section: ConfSection): Promise<void> {
  const { vmid, newid } = request
  const { output, time, settings } = context
  const isFull = request.full ?? !isTemplateSection(section)
  const volumes = volumesOf(section.values)
  for (const volume of volumes) assertVolume(context, vmid, volume)
  for (const [number, volume] of volumes.entries()) {
    const words = isFull ? 'create full clone of mountpoint' : 'create linked clone of mount point'
    output.out(`${words} ${volume.key} (${volume.volid})\n`)
    await time.sleep(isFull ? settings.taskMs.cloneMs : 0)
    const storage = request.storage ?? volume.storage
    const type = settings.storages[storage]
    const volid = newVolumeId(storage, type, { vmid: newid, number })
    const print = { type, volid, bytes: volumeBytes(volume) }
    output.out(`${lvmLine(print, 'created')}${isFull ? makeLines(print) + COPY_LINES : ''}`)
    await lockConfig(context, newid, async () => {
      const conf = loadConf(context, newid)
      const values = { ...conf.live.values, [volume.key]: formatVolume({ ...volume, volid }) }
      writeConf(context, newid, { ...conf, live: { ...conf.live, values } })
    })
  }
}

function sectionToClone({ full, snapname, storage }: Request, source: ContainerConf): ConfSection {
  const isFull = full ?? !isTemplate(source)
  if (storage !== undefined && !isFull) throw new Failure("parameter 'storage' not allowed for linked clones")
  const section = snapname === undefined ? source.live : source.snapshots[snapname]
  if (section === undefined) throw new Failure(`snapshot '${snapname}' does not exist`)
  return section
}

function assertVolumes(context: Context, request: Request, source: ContainerConf, section: ConfSection): void {
  const isFull = request.full ?? !isTemplate(source)
  for (const volume of volumesOf(section.values)) {
    if (volume.kind === 'volume')
      assertMay(context, `/storage/${request.storage ?? volume.storage}`, ['Datastore.AllocateSpace'])
    else throw new Failure(`unable to clone mountpoint '${volume.key}' (type ${volume.kind})`)
    if (isFull && request.snapname === undefined && runs(context, request.vmid)) {
      throw new Failure('Full clone of a running container is only possible from a snapshot')
    }
    if (!isFull && !canLink(context, volume, source, request.snapname)) {
      throw new Failure(`Linked clone feature for '${volume.volid}' is not available`)
    }
  }
  if (request.target !== undefined)
    throw new Failure(`can't clone CT to node '${request.target}' (CT uses local storage)`)
}

function canLink({ settings }: Context, volume: Volume, source: ContainerConf, snapname: string | undefined): boolean {
  const features = storageFeatures(storageType(settings, volume))
  return snapname === undefined ? isTemplate(source) && features.canLinkFromTemplate : features.canLinkFromSnapshot
}

/** What a clone has of its source: neither volumes, which are copied, nor what belongs to snapshots. */
function withoutCopies({ values }: ConfSection): ConfValues {
  const kept = without(values, 'parent', 'snaptime', 'snapstate', 'template', 'lock')
  return Object.fromEntries(Object.entries(kept).filter(([key]) => !/^(rootfs|(mp|unused)\d+)$/.test(key)))
}

function withNewAddress(net: string, vmid: number): string {
  return net.replace(/hwaddr=[0-9A-Fa-f:]+/, `hwaddr=${macAddress(vmid)}`)
}

function isTemplateSection({ values }: ConfSection): boolean {
  return values['template'] === '1'
}

function assertNode({ settings }: Context, target: string | undefined): void {
  if (target !== undefined && !settings.nodes.includes(target)) throw new Failure(`no such cluster node '${target}'`)
}

function assertMayUseBridge(context: Context, network: string): void {
  const bridge = bridgeOf(network)
  if (bridge !== undefined) assertMay(context, `/sdn/zones/localnetwork/${bridge}`, ['SDN.Use'], true)
}

function ownerOf({ paths }: Context, vmid: number): string | undefined {
  return readdirSync(`${paths.pve}/nodes`).find(node => existsSync(confFile(paths, node, vmid)))
}
