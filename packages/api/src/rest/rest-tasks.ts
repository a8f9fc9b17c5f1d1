import { AutoscaleError, type Clock } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { RestCall } from '../ports.ts'
import { callText, lostAnswer } from './rest-failure.ts'
import { parseUpid, type Upid } from './upid.ts'

/** Between two looks at a task: at first, and at most. */
const FIRST_LOOK_MS = 50
const LONGEST_LOOK_MS = 2_000
/** Looks at a task that fail one after the other, until nobody will see its end. */
const MOST_FAILED_LOOKS = 30
/** Looks for a task that another one has started. */
const MOST_SEARCHES = 3
/** Lines of the log of a task. */
const MOST_LINES = 1_000

/** What a change of a container is, other than consoles and backups, which may last. Source: PVE::API2::LXC and below, fork_worker. */
const KINDS = new Set([
  'resize',
  'vzsnapshot',
  'vzdelsnapshot',
  'vzrollback',
  'vzclone',
  'vzstart',
  'vzstop',
  'vzdestroy',
])

const Status = z.object({ status: z.string(), exitstatus: z.string().optional() })
const Log = z.array(z.object({ t: z.string() }))
const Tasks = z.array(z.object({ upid: z.string(), type: z.string(), endtime: z.unknown().optional() }))

export interface TaskEnd {
  /** `OK`, `WARNINGS: N`, or what was wrong. */
  readonly exitStatus: string
  readonly log: string
}

/** Follows tasks of Proxmox. `look` reads a path of the REST interface, in its turn. */
export class RestTasks {
  readonly #look: (path: string) => Promise<unknown>
  readonly #clock: Clock

  constructor(look: (path: string) => Promise<unknown>, clock: Clock) {
    this.#look = look
    this.#clock = clock
  }

  /**
   * How the task of `call` ended. It is looked at less and less often, and left to its end when `endMs` comes first: half-done
   * would be worse.
   * @throws {AutoscaleError} PCT_TIMEOUT, OUTCOME_UNKNOWN
   */
  async end(call: RestCall, upid: Upid, endMs: number): Promise<TaskEnd> {
    let pauseMs = FIRST_LOOK_MS
    for (let failed = 0; failed < MOST_FAILED_LOOKS; pauseMs = longer(pauseMs)) {
      await this.#clock.sleep(pauseMs)
      if (this.#clock.monotonicMs() >= endMs) throw notEnded(call, upid)
      const { data } = Status.safeParse(await this.#seen(`${pathOf(upid)}/status`))
      // Without one its log was cut short, by the end of the host perhaps. Source: PVE::UPID, read_status.
      if (data?.status === 'stopped' && (data.exitstatus ?? 'unexpected status') !== 'unexpected status') {
        return { exitStatus: data.exitstatus ?? '', log: await this.#log(upid) }
      }
      if (data?.status === 'stopped') throw lostAnswer(call, `the task ${upid.text} has told no end`)
      failed = data === undefined ? failed + 1 : 0
    }
    throw lostAnswer(call, `nothing can be seen of the task ${upid.text}`)
  }

  /** The task that `upid` has started and not waited for; undefined when none can be seen, as of a container under HA. */
  async startedBy({ node, startSeconds }: Upid, vmid: number, kind: string): Promise<Upid | undefined> {
    const path = `/nodes/${node}/tasks?vmid=${vmid}&typefilter=${kind}&since=${startSeconds}&source=all&limit=1`
    for (let searches = 0; searches < MOST_SEARCHES; searches++) {
      const [task] = Tasks.safeParse(await this.#seen(path)).data ?? []
      if (task !== undefined) return parseUpid(task.upid)
      await this.#clock.sleep(FIRST_LOOK_MS)
    }
    return undefined
  }

  /** Whether a change of the container is under way; undefined when that cannot be seen. */
  async isAtWork(node: string, vmid: number): Promise<boolean | undefined> {
    const listed = Tasks.safeParse(await this.#seen(`/nodes/${node}/tasks?vmid=${vmid}&source=active`)).data
    const open = listed?.filter(({ type, endtime }) => KINDS.has(type) && endtime === undefined)
    // The list is brought up to date now and then only, the state of each task is not. Source: PVE::RESTEnvironment, active_workers.
    for (const { upid: text } of open ?? []) {
      const upid = parseUpid(text)
      const seen = upid && Status.safeParse(await this.#seen(`${pathOf(upid)}/status`)).data
      if (seen?.status !== 'stopped') return true
    }
    return listed === undefined ? undefined : false
  }

  async #log(upid: Upid): Promise<string> {
    const { data } = Log.safeParse(await this.#seen(`${pathOf(upid)}/log?limit=${MOST_LINES}`))
    return (data ?? []).map(({ t }) => `${t}\n`).join('')
  }

  /** Undefined of what Proxmox does not show at this moment; anything but a failure of its is a bug. */
  async #seen(path: string): Promise<unknown> {
    try {
      return await this.#look(path)
    } catch (error) {
      if (error instanceof AutoscaleError) return undefined
      throw error
    }
  }
}

function longer(pauseMs: number): number {
  return Math.min(LONGEST_LOOK_MS, pauseMs * 1.5)
}

function pathOf({ node, text }: Upid): string {
  return `/nodes/${node}/tasks/${encodeURIComponent(text)}`
}

function notEnded(call: RestCall, { text: task }: Upid): AutoscaleError {
  const command = callText(call)
  const text = `${command}: did not end within its time limit and goes on in Proxmox; its task is ${task}`
  return new AutoscaleError('PCT_TIMEOUT', text, { details: { command, task } })
}
