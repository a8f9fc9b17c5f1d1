import type { HostFiles } from '@lxc-autoscale/host'
import type { CgroupReader } from './cgroup.ts'

/** Source: proc(5), `starttime`; Linux gives user space 100 ticks a second on every architecture of Proxmox. */
const TICKS_PER_SECOND = 100
const START_FIELD = 22

/** Tells how long containers have been running, in seconds since their init was started; remembers the start of each run. */
export function openUptime(
  files: HostFiles,
  proc: string,
  cgroups: CgroupReader,
): (vmid: number) => number | undefined {
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
  return vmid => {
    const runId = cgroups.runId(vmid)
    if (runId === undefined) return undefined
    const startSeconds = readStart(vmid, runId)
    const uptimeSeconds = uptimeSecondsOf(files.readText(`${proc}/uptime`))
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
function uptimeSecondsOf(text: string | undefined): number | undefined {
  const [seconds] = (text ?? '').split(' ')
  return seconds !== undefined && /^\d+(\.\d+)?$/.test(seconds) ? Number(seconds) : undefined
}
