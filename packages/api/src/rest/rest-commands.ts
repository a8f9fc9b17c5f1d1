import { AutoscaleError, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { CommandReport } from '../pct/command-report.ts'
import { commandFailure } from '../pct/failure.ts'
import { ProcessSlots } from '../pct/process-slots.ts'
import type { CommandKind, CommandOutput, HostCommand, HostCommands, LeftWait, RestCall } from '../ports.ts'
import { MOST_REQUESTS, NotConnected, type RestConnection } from './rest-connection.ts'
import { answerData, callText, lostAnswer, notAllowed } from './rest-failure.ts'
import type { RestSettings } from './rest-settings.ts'
import { parseUpid, type Upid } from './upid.ts'

const MAX_WAITING_READS = 64
/** Between two looks at a task: at first, and at most. */
const FIRST_LOOK_MS = 50
const LONGEST_LOOK_MS = 2_000
/** Looks at a task that fail one after the other, until nobody will see its end. */
const MOST_FAILED_LOOKS = 30
/** Lines of the log of a task. */
const MOST_LINES = 1_000
/** How long what was lost is waited for. Source: Proxmox waits 10 s for a lock. */
const LOST_WAIT_MS = 15_000

export interface RestCommandsOptions {
  readonly clock: Clock
  /** Asked for the first request, and after `renew`. @throws {ConfigError} */
  readonly settings: () => RestSettings
  readonly connect: (settings: RestSettings) => Connection
  /** Name of this node. */
  readonly node: () => string
  /** Whether Proxmox, or anybody, holds the lock of a container's configuration. */
  readonly isLocked: (vmid: number) => boolean
  /** Time limit of a command of this kind, milliseconds. */
  readonly limitMs: (kind: CommandKind) => number
  readonly onEnd: (report: CommandReport) => void
}

export type Connection = Pick<RestConnection, 'send' | 'close'>

/** A request on its way, and what belongs to it. */
interface Asked {
  readonly call: RestCall
  readonly priority: 'change' | 'read'
  readonly endMs: number
}

const Status = z.object({ status: z.string(), exitstatus: z.string().optional() })
const Log = z.array(z.object({ t: z.string() }))
const Tasks = z.array(z.object({ upid: z.string(), endtime: z.unknown().optional() }))

/** The commands of Proxmox by its REST interface, with an API token. */
export class RestCommands implements HostCommands {
  readonly #options: RestCommandsOptions
  readonly #slots = new ProcessSlots(MOST_REQUESTS, MAX_WAITING_READS)
  #open: { readonly connection: Connection; readonly tokenId: string } | undefined

  constructor(options: RestCommandsOptions) {
    this.#options = options
  }

  run(command: HostCommand, beforeStart?: () => AbortSignal | undefined): Promise<CommandOutput> {
    return this.#run(command, this.#options.node(), beforeStart)
  }

  /** The commands about the guests of another node, to which Proxmox passes them on. */
  onNode(node: string): HostCommands {
    return {
      run: (command, beforeStart) => this.#run(command, node, beforeStart),
      leftEnded: (vmid, wait) => this.#leftEnded(vmid, node, wait),
    }
  }

  leftEnded(vmid: number, wait: LeftWait): Promise<boolean> {
    return this.#leftEnded(vmid, this.#options.node(), wait)
  }

  /** New settings from the next request on; what is under way goes on with the old ones. */
  renew(): void {
    void this.#open?.connection.close()
    this.#open = undefined
  }

  async #run(
    command: HostCommand,
    node: string,
    beforeStart: (() => AbortSignal | undefined) | undefined,
  ): Promise<CommandOutput> {
    const { clock, limitMs, onEnd } = this.#options
    const call = command.rest(node)
    let startMs = clock.monotonicMs()
    const limit = limitMs(command.kind)
    const report = (outcome: CommandReport['outcome']) => {
      const durationMs = clock.monotonicMs() - startMs
      onEnd({ command, outcome, durationMs })
      return durationMs
    }
    try {
      const data = await this.#inTurn({ call, priority: command.kind === 'read' ? 'read' : 'change' }, () => {
        // A request cannot be called back, so that there is nothing for the signal to stop.
        beforeStart?.()
        startMs = clock.monotonicMs()
        return startMs + limit
      })
      const output = call.isTask
        ? await this.#followed(call, data, startMs + limit)
        : { stdout: command.kind === 'set' ? '' : (call.print ?? JSON.stringify)(data), stderr: '' }
      return { ...output, durationMs: report('ok') }
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      report(outcomeOf(error))
      const isLost = error.leaves === 'unknown' && call.method !== 'GET'
      const vmid = isLost ? vmidOf(call) : undefined
      if (vmid !== undefined)
        await this.#leftEnded(vmid, node, { mostMs: LOST_WAIT_MS, signal: new AbortController().signal })
      throw error
    }
  }

  /** Sends a request when there is room; `begin` gives until when its answer is waited for. */
  #inTurn({ call, priority }: Omit<Asked, 'endMs'>, begin: () => number): Promise<unknown> {
    return this.#slots.run(priority, () => this.#send({ call, priority, endMs: begin() }))
  }

  async #send({ call, endMs }: Asked): Promise<unknown> {
    const { clock, settings, connect } = this.#options
    if (this.#open === undefined) {
      const read = settings()
      this.#open = { connection: connect(read), tokenId: read.token.id }
    }
    const { connection, tokenId } = this.#open
    const limitMs = Math.max(1, endMs - clock.monotonicMs())
    const answer = await connection.send(call, { limitMs, clock }).catch(error => {
      const isHarmless = error instanceof NotConnected || call.method === 'GET'
      throw isHarmless ? unreachable(call, messageOf(error)) : lostAnswer(call, messageOf(error))
    })
    if (answer === undefined) throw timeoutError(call, limitMs)
    return answerData(call, tokenId, answer)
  }

  /** What a task wrote, once it has ended well. @throws {AutoscaleError} by what it ended with, or when its end was not seen in time */
  async #followed(call: RestCall, answer: unknown, endMs: number): Promise<Pick<CommandOutput, 'stdout' | 'stderr'>> {
    const upid = parseUpid(answer)
    if (upid === undefined) throw lostAnswer(call, 'it names no task')
    const done = await this.#taskEnd(call, upid, endMs)
    const started = call.startsTask === undefined ? undefined : await this.#startedTask(call, upid, endMs)
    if (started === undefined) return done
    const { stdout, stderr } = await this.#taskEnd(call, started, endMs)
    return { stdout: `${done.stdout}${stdout}`, stderr: `${done.stderr}${stderr}` }
  }

  async #taskEnd(call: RestCall, upid: Upid, endMs: number): Promise<Pick<CommandOutput, 'stdout' | 'stderr'>> {
    const exitStatus = await this.#exitStatus(call, upid, endMs)
    const stdout = await this.#log(upid)
    if (exitStatus === 'OK') return { stdout, stderr: '' }
    const [, warnings] = /^WARNINGS: (\d+)$/.exec(exitStatus) ?? []
    if (warnings !== undefined) return { stdout, stderr: `Task finished with ${warnings} warning(s)!\n` }
    // The log was cut short, by the end of the host perhaps. Source: PVE::UPID, read_status.
    if (exitStatus === 'unexpected status') throw lostAnswer(call, `the task ${upid.text} has told no end`)
    const ended = `task ${upid.text}`
    const failure = commandFailure({
      commandLine: callText(call),
      exitCode: undefined,
      ended,
      stdout,
      stderr: exitStatus,
    })
    throw failure.code === 'REST_NOT_ALLOWED' ? notAllowed(failure, this.#open?.tokenId ?? '') : failure
  }

  /** What a task ended with. It is looked at less and less often. */
  async #exitStatus(call: RestCall, upid: Upid, endMs: number): Promise<string> {
    const { clock } = this.#options
    let pauseMs = FIRST_LOOK_MS
    for (let failed = 0; failed < MOST_FAILED_LOOKS; pauseMs = Math.min(LONGEST_LOOK_MS, pauseMs * 1.5)) {
      await clock.sleep(pauseMs)
      const leftMs = endMs - clock.monotonicMs()
      if (leftMs <= 0) throw notEnded(call, upid)
      const seen = Status.safeParse(await this.#look(`${taskPath(upid)}/status`).catch(ofProxmox)).data
      if (seen?.status === 'stopped') return seen.exitstatus ?? 'unexpected status'
      failed = seen === undefined ? failed + 1 : 0
    }
    throw lostAnswer(call, `nothing can be seen of the task ${upid.text}`)
  }

  async #log(upid: Upid): Promise<string> {
    const data = await this.#look(`${taskPath(upid)}/log?limit=${MOST_LINES}`).catch(ofProxmox)
    return (Log.safeParse(data).data ?? []).map(({ t }) => `${t}\n`).join('')
  }

  /** The task that `upid` has started and not waited for; undefined when none can be seen. */
  async #startedTask(call: RestCall, { node, startSeconds }: Upid, endMs: number): Promise<Upid | undefined> {
    const filter = `vmid=${vmidOf(call)}&typefilter=${call.startsTask}&since=${startSeconds}&source=all&limit=1`
    for (let looks = 0; looks < 3 && this.#options.clock.monotonicMs() < endMs; looks++) {
      const data = await this.#look(`/nodes/${node}/tasks?${filter}`).catch(ofProxmox)
      const [task] = Tasks.safeParse(data).data ?? []
      if (task !== undefined) return parseUpid(task.upid)
      await this.#options.clock.sleep(FIRST_LOOK_MS)
    }
    return undefined
  }

  async #leftEnded(vmid: number, node: string, { mostMs, signal }: LeftWait): Promise<boolean> {
    const { clock, isLocked } = this.#options
    const endMs = clock.monotonicMs() + mostMs
    const path = `/nodes/${node}/tasks?vmid=${vmid}&source=active`
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(LONGEST_LOOK_MS, pauseMs * 2)) {
      const tasks = Tasks.safeParse(await this.#look(path).catch(ofProxmox)).data
      const isOver = tasks?.every(({ endtime }) => endtime !== undefined) === true && !isLocked(vmid)
      if (isOver || signal.aborted || clock.monotonicMs() + pauseMs >= endMs) return isOver
      await clock.sleep(pauseMs, signal)
    }
  }

  #look(path: string): Promise<unknown> {
    const { clock, limitMs } = this.#options
    const call = { method: 'GET', path, isTask: false } as const
    return this.#inTurn({ call, priority: 'change' }, () => clock.monotonicMs() + limitMs('read'))
  }
}

function taskPath({ node, text }: Upid): string {
  return `/nodes/${node}/tasks/${encodeURIComponent(text)}`
}

function vmidOf({ path }: RestCall): number | undefined {
  const [, digits] = /^\/nodes\/[^/]+\/lxc\/(\d+)/.exec(path) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** What was not seen is looked at again; anything but a failure of Proxmox is a bug. */
function ofProxmox(error: unknown): undefined {
  if (!(error instanceof AutoscaleError)) throw error
  return undefined
}

function outcomeOf({ leaves, code }: AutoscaleError): CommandReport['outcome'] {
  if (leaves === 'unknown') return 'timeout'
  return code === 'REST_UNREACHABLE' || code === 'REST_NOT_ALLOWED' ? 'missing' : 'failed'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function unreachable(call: RestCall, why: string): AutoscaleError {
  const text = `the REST interface of Proxmox cannot be reached: ${why}; see lxc.rest`
  return new AutoscaleError('REST_UNREACHABLE', text, { details: { command: callText(call) } })
}

function timeoutError(call: RestCall, limitMs: number): AutoscaleError {
  const seconds = Math.round(limitMs) / MS_PER_SECOND
  const text = `${callText(call)}: no answer within ${seconds} s; whether it took effect is not known`
  return new AutoscaleError('PCT_TIMEOUT', text, { details: { command: callText(call), limit_seconds: seconds } })
}

/** It is left to its end: half-done would be worse. */
function notEnded(call: RestCall, { text: task }: Upid): AutoscaleError {
  const text = `${callText(call)}: did not end within its time limit and goes on in Proxmox; its task is ${task}`
  return new AutoscaleError('PCT_TIMEOUT', text, { details: { command: callText(call), task } })
}
