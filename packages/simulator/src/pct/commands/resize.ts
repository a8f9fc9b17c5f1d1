import { withLive } from '../../host/conf-text.ts'
import { DIGEST, type OptionSpec, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { assertUnlocked, type Context, digestOf, loadConfText, writeConf } from '../context.ts'
import { Failure } from '../failure.ts'
import { lockConfig } from '../locks.ts'
import { formatVolume, parseSize, parseVolume, volumeBytes, withSize } from '../volumes.ts'
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
    await resized(context, request)
    await runUncheckedWorker(context, async worker => {
      await lockConfig(worker, request.vmid, async () => {
        const conf = await resized(worker, request)
        await worker.time.sleep(worker.settings.taskMs.resizeMs)
        writeConf(worker, request.vmid, conf)
        if (worker.settings.filesystemGrowFails)
          worker.output.err("Failed to update the container's filesystem: command 'resize2fs' failed: exit code 1\n\n")
      })
    })
    return undefined
  },
}

/** The configuration with the new size; checked before the task and again within it. */
async function resized(context: Context, { vmid, disk, size, digest }: Request) {
  const { conf, text } = loadConfText(context, vmid)
  assertUnlocked(conf)
  if (digest !== undefined && digest !== (await digestOf(text))) {
    throw new Failure('detected modified configuration - file changed by other user? Try again.')
  }
  const value = conf.live.values[disk]
  const volume = parseVolume(disk, value ?? '')
  if (value === undefined || volume.kind !== 'volume') throw new Failure(`unable to parse volume ID '${volume.volid}'`)
  const bytes = volumeBytes(volume)
  const isAdded = size.startsWith('+')
  const wanted = (isAdded ? bytes : 0) + (parseSize(size.replace(/^\+/, '')) ?? 0)
  if (wanted < bytes) throw new Failure('unable to shrink disk size')
  if (wanted === bytes) throw new Failure('disk is already at specified size')
  return withLive(conf, { ...conf.live.values, [disk]: formatVolume(withSize(volume, wanted)) })
}
