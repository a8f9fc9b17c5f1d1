import type { HostFiles } from '@lxc-autoscale/host'
import type { CgroupReader } from './cgroup.ts'

/** Source: proc(5), `starttime`; Linux gives user space 100 ticks a second on every architecture of Proxmox. */
const TICKS_PER_SECOND = 100
const START_FIELD = 22

/** Tells how long containers have been running; remembers the start of each run. */
export class ContainerUptime {
  readonly #files: HostFiles
  readonly #proc: string
  readonly #cgroups: CgroupReader
  readonly #starts = new Map<number, { readonly runId: number; readonly startSeconds: number }>()

  constructor(files: HostFiles, proc: string, cgroups: CgroupReader) {
    this.#files = files
    this.#proc = proc
    this.#cgroups = cgroups
  }

  /** Seconds since the init of the container was started; undefined when it is not known. */
  seconds(vmid: number): number | undefined {
    const runId = this.#cgroups.runId(vmid)
    if (runId === undefined) return undefined
    const startSeconds = this.#startSeconds(vmid, runId)
    const uptimeSeconds = uptimeSecondsOf(this.#files.readText(`${this.#proc}/uptime`))
    if (startSeconds === undefined || uptimeSeconds === undefined) return undefined
    return Math.max(0, Math.round(uptimeSeconds - startSeconds))
  }

  #startSeconds(vmid: number, runId: number): number | undefined {
    const known = this.#starts.get(vmid)
    if (known?.runId === runId) return known.startSeconds
    const init = this.#cgroups.initPid(vmid)
    const ticks = init === undefined ? undefined : startTicks(this.#files.readText(`${this.#proc}/${init}/stat`))
    if (ticks === undefined) return undefined
    const startSeconds = ticks / TICKS_PER_SECOND
    this.#starts.set(vmid, { runId, startSeconds })
    return startSeconds
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
