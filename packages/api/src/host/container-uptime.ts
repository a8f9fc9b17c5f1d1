import type { Clock } from '@lxc-autoscale/core'
import { asciiText, type HostFiles, type KernelText } from '@lxc-autoscale/host'
import type { CgroupReader } from './cgroup.ts'

/** Source: proc(5), `starttime`; Linux gives user space 100 ticks a second on every architecture of Proxmox. */
const TICKS_PER_SECOND = 100
const START_FIELD = 22
/** How long the uptime of the node is taken for the same: what is told of it are whole seconds, and of all containers at once. */
const NODE_KEPT_MS = 100
/** More than two numbers of seconds have. */
const MOST_UPTIME_BYTES = 64

export interface UptimeParts {
  readonly files: HostFiles
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly cgroups: Pick<CgroupReader, 'initPid'>
}

/** Tells how long runs of containers have lasted, in seconds since their init was started; remembers the start of each. */
export function openUptime(
  { files, clock, cgroups }: UptimeParts,
  proc: string,
): (vmid: number, runId: number) => number | undefined {
  const starts = new Map<number, { readonly runId: number; readonly startSeconds: number }>()
  const readStart = (vmid: number, runId: number): number | undefined => {
    const known = starts.get(vmid)
    if (known?.runId === runId) return known.startSeconds
    const init = cgroups.initPid(vmid)
    const ticks = init === undefined ? undefined : startTicks(files.readText(`${proc}/${init}/stat`))
    if (ticks === undefined) return undefined
    const startSeconds = ticks / TICKS_PER_SECOND
    starts.set(vmid, { runId, startSeconds })
    return startSeconds
  }
  const uptime = files.file(proc, 'uptime')
  let node: { readonly seconds: number | undefined; readonly readMs: number } | undefined
  const nodeSeconds = (): number | undefined => {
    const readMs = clock.monotonicMs()
    if (node === undefined || readMs - node.readMs > NODE_KEPT_MS) node = { seconds: uptime.read(parseUptime), readMs }
    return node.seconds
  }
  return (vmid, runId) => {
    const startSeconds = readStart(vmid, runId)
    const uptimeSeconds = nodeSeconds()
    if (startSeconds === undefined || uptimeSeconds === undefined) return undefined
    return Math.max(0, Math.round(uptimeSeconds - startSeconds))
  }
}

/** The name of the process may hold blanks and brackets, so fields count from the last bracket. */
function startTicks(stat: string | undefined): number | undefined {
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields?.[START_FIELD - 3] ?? Number.NaN)
  return Number.isFinite(ticks) ? ticks : undefined
}

/** Seconds since the node was started. Source: proc(5), /proc/uptime. */
function parseUptime({ bytes, length }: KernelText): number | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)\s/.exec(asciiText(bytes, 0, Math.min(length, MOST_UPTIME_BYTES))) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
