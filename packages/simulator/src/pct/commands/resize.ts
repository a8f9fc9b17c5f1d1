import { type ContainerConf, withLive } from '../../host/conf-text.ts'
import { writeJournal } from '../../host/journal.ts'
import { DIGEST, type OptionSpec, VMID } from '../../schema/option-spec.ts'
import { parseSize } from '../../schema/size.ts'
import { assertMay, assertMayModify, PermissionFailure } from '../access.ts'
import { type Command, vmidOf } from '../command.ts'
import { assertUnlocked, assertUnmodified, type Context, loadConfFile, runs, writeConf } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { lockConfig } from '../locks.ts'
import { extendLines, growLines, isRaw } from '../storage-lines.ts'
import {
  assertVolume,
  changeVolumes,
  formatVolume,
  parseVolume,
  readVolumes,
  storageType,
  type Volume,
  volumeBytes,
  withSize,
} from '../volumes.ts'
import { runUncheckedWorker } from '../worker.ts'

const DISK: OptionSpec = { type: 'string', values: ['rootfs', ...Array.from({ length: 256 }, (_, at) => `mp${at}`)] }
const SIZE: OptionSpec = { type: 'string', pattern: /^\+?\d+(\.\d+)?[KMGT]?$/ }

interface Request {
  readonly vmid: number
  readonly disk: string
  readonly size: string
  readonly digest: string | undefined
}

/** `pct resize VMID DISK SIZE`: only growing; a size without a unit is bytes; exit code 0 even when the work failed. */
export const resize: Command = {
  positional: ['vmid', 'disk', 'size'],
  options: { vmid: VMID, disk: DISK, size: SIZE, digest: DIGEST },
  run: async (context, args) => {
    const { disk = '', size = '', digest } = args.values
    const request: Request = { vmid: vmidOf(args), disk, size, digest }
    await wantedSize(context, request)
    await runUncheckedWorker(context, { type: 'resize', vmid: request.vmid }, async worker => {
      await lockConfig(worker, request.vmid, async () => {
        const wanted = await wantedSize(worker, request)
        await worker.time.sleep(worker.settings.taskMs.resizeMs)
        grow(worker, request, wanted)
      })
    })
    return undefined
  },
}

interface Wanted {
  readonly conf: ContainerConf
  readonly volume: Volume
  readonly beforeBytes: number
  readonly bytes: number
}

/** What is to be done; checked before the task and again within it. */
async function wantedSize(context: Context, { vmid, disk, size, digest }: Request): Promise<Wanted> {
  const { conf, bytes } = loadConfFile(context, vmid)
  assertUnlocked(conf)
  assertMayModify(context, vmid, ['disk'])
  await assertUnmodified(bytes, digest)
  try {
    return { conf, ...wantedVolume(context, vmid, { text: conf.live.values[disk], disk, size }) }
  } catch (error) {
    if (error instanceof Failure && !(error instanceof PermissionFailure)) throw new Failure(error.message, EXIT.resize)
    throw error
  }
}

function wantedVolume(
  context: Context,
  vmid: number,
  { text, disk, size }: { text: string | undefined; disk: string; size: string },
): Omit<Wanted, 'conf'> {
  const missing = 'property is missing and it is not optional'
  if (text === undefined) throw new Failure(`format error\nmp: ${missing}\nvolume: ${missing}`)
  const volume = parseVolume(disk, text)
  if (volume.kind !== 'volume') throw new Failure(`unable to parse volume ID '${volume.volid}'`)
  assertMay(context, `/storage/${volume.storage}`, ['Datastore.AllocateSpace'])
  assertVolume(context, vmid, volume)
  const beforeBytes = readVolumes(context.paths, vmid).sizes[volume.volid] ?? volumeBytes(volume)
  const bytes = (size.startsWith('+') ? beforeBytes : 0) + (parseSize(size.replace(/^\+/, '')) ?? 0)
  if (bytes < beforeBytes) throw new Failure('unable to shrink disk size')
  if (bytes === beforeBytes) throw new Failure('disk is already at specified size')
  return { volume, beforeBytes, bytes }
}

/** The volume first, then the configuration, then the file system: whatever fails, what is before it stays. */
function grow(context: Context, { vmid, disk }: Request, { conf, volume, beforeBytes, bytes }: Wanted): void {
  const { output, paths, settings } = context
  const type = storageType(settings, volume)
  if ((type === 'dir' || type === 'nfs') && volume.volid.endsWith('.subvol'))
    throw new Failure("can't resize this image format")
  const print = { type, volid: volume.volid, bytes }
  changeVolumes(paths, vmid, ({ sizes }) => ({ sizes: { ...sizes, [volume.volid]: bytes } }))
  writeJournal(paths, settings, { kind: 'volume', vmid, fromBytes: beforeBytes, toBytes: bytes })
  output.out(extendLines(print, beforeBytes))
  writeConf(context, vmid, withLive(conf, { ...conf.live.values, [disk]: formatVolume(withSize(volume, bytes)) }))
  if (!isRaw(type)) return
  if (settings.filesystemGrowFails) {
    output.err("Failed to update the container's filesystem: command 'resize2fs' failed: exit code 1\n\n")
  } else output.out(growLines(print, runs(context, vmid)))
}
