import { AutoscaleError, type Clock, ConfigError, errorMessage, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { CommandReport } from '../pct/command-report.ts'
import { commandFailure } from '../pct/failure.ts'
import { ProcessSlots } from '../pct/process-slots.ts'
import type { CommandKind, CommandOutput, HostCommand, HostCommands, LeftWait, RestCall } from '../ports.ts'
import { MOST_REQUESTS, NotConnected, type RestConnection } from './rest-connection.ts'
import { answerData, callText, explained, lostAnswer } from './rest-failure.ts'
import type { RestSettings } from './rest-settings.ts'
import { RestTasks, type TaskEnd } from './rest-tasks.ts'
import { parseUpid, type Upid } from './upid.ts'

const MAX_WAITING_READS = 64
/** How long what was lost is waited for, and how often it is looked at. Source: Proxmox waits 10 s for a lock. */
const LOST_WAIT_MS = 15_000
const LEFT_LOOK_MS = 250

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

type Printed = Pick<CommandOutput, 'stdout' | 'stderr'>

interface Target {
  readonly node: string
  readonly vmid: number
}

/** The commands of Proxmox by its REST interface, with an API token. */
export class RestCommands implements HostCommands {
  readonly #options: RestCommandsOptions
  readonly #slots = new ProcessSlots(MOST_REQUESTS, MAX_WAITING_READS)
  readonly #tasks: RestTasks
  #open: { readonly connection: Connection; readonly tokenId: string } | undefined

  constructor(options: RestCommandsOptions) {
    this.#options = options
    const { clock, limitMs } = options
    const look = (path: string) =>
      this.#slots.run('change', () =>
        this.#send({ method: 'GET', path, isTask: false }, clock.monotonicMs() + limitMs('read')),
      )
    this.#tasks = new RestTasks(look, clock)
  }

  leftEnded(vmid: number, wait: LeftWait): Promise<boolean> {
    return this.#leftEnded({ node: this.#options.node(), vmid }, wait)
  }

  /** Files are read anew for the next request; what is under way goes on. */
  renew(): void {
    this.#open?.connection.close().catch(() => undefined)
    this.#open = undefined
  }

  async run(command: HostCommand, beforeStart?: () => AbortSignal | undefined): Promise<CommandOutput> {
    const { clock, limitMs, onEnd } = this.#options
    const call = command.rest(this.#options.node())
    let startMs: number | undefined
    const report = (outcome: CommandReport['outcome']) => {
      const durationMs = clock.monotonicMs() - (startMs ?? 0)
      if (startMs !== undefined) onEnd({ command, outcome, durationMs })
      return durationMs
    }
    try {
      const data = await this.#slots.run(command.kind === 'read' ? 'read' : 'change', () => {
        // A request cannot be called back, so that there is nothing for the signal to stop.
        beforeStart?.()
        startMs = clock.monotonicMs()
        return this.#send(call, startMs + limitMs(command.kind))
      })
      const output = call.isTask
        ? await this.#followed(call, data, (startMs ?? 0) + limitMs(command.kind))
        : { stdout: command.kind === 'set' ? '' : (call.print ?? JSON.stringify)(data), stderr: '' }
      return { ...output, durationMs: report('ok') }
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      report(outcomeOf(error))
      // Another authority or token may stand in the files by now.
      if (isRefused(error)) this.renew()
      if (error.leaves === 'unknown' && call.method !== 'GET') await this.#lostEnded(call)
      throw error
    }
  }

  async #send(call: RestCall, endMs: number): Promise<unknown> {
    const { clock } = this.#options
    const { connection, tokenId } = this.#opened()
    const limitMs = Math.max(1, endMs - clock.monotonicMs())
    const answer = await connection.send(call, { limitMs, clock }).catch(error => {
      const isHarmless = error instanceof NotConnected || call.method === 'GET'
      throw isHarmless ? unreachable(call, errorMessage(error)) : lostAnswer(call, errorMessage(error))
    })
    if (answer === undefined) throw timeoutError(call, limitMs)
    return answerData(call, tokenId, answer)
  }

  #opened() {
    if (this.#open === undefined) {
      const settings = this.#settings()
      this.#open = { connection: this.#options.connect(settings), tokenId: settings.token.id }
    }
    return this.#open
  }

  /** The files may be there later: /etc/pve is mounted when the cluster's file system runs. */
  #settings(): RestSettings {
    try {
      return this.#options.settings()
    } catch (error) {
      if (error instanceof ConfigError) throw new AutoscaleError('REST_UNREACHABLE', error.message, { cause: error })
      throw error
    }
  }

  /** What a task wrote, once it has ended well. @throws {AutoscaleError} by what it ended with, or when its end was not seen in time */
  async #followed(call: RestCall, answer: unknown, endMs: number): Promise<Printed> {
    const upid = parseUpid(answer)
    if (upid === undefined) throw lostAnswer(call, 'it names no task')
    const done = this.#printed(call, upid, await this.#tasks.end(call, upid, endMs))
    const target = targetOf(call)
    if (call.startsTask === undefined || target === undefined) return done
    const started = await this.#tasks.startedBy(upid, target.vmid, call.startsTask)
    if (started === undefined) return done
    const { stdout, stderr } = this.#printed(call, started, await this.#tasks.end(call, started, endMs))
    return { stdout: `${done.stdout}${stdout}`, stderr: `${done.stderr}${stderr}` }
  }

  #printed(call: RestCall, { text }: Upid, { exitStatus, log: stdout }: TaskEnd): Printed {
    if (exitStatus === 'OK') return { stdout, stderr: '' }
    const [, warnings] = /^WARNINGS: (\d+)$/.exec(exitStatus) ?? []
    if (warnings !== undefined) return { stdout, stderr: `Task finished with ${warnings} warning(s)!\n` }
    const end = { exitCode: undefined, ended: `task ${text}`, stdout, stderr: exitStatus }
    const failure = commandFailure({ commandLine: callText(call), ...end })
    throw explained(failure, this.#opened().tokenId)
  }

  async #lostEnded(call: RestCall): Promise<void> {
    const target = targetOf(call)
    const wait = { mostMs: LOST_WAIT_MS, signal: new AbortController().signal }
    if (target !== undefined) await this.#leftEnded(target, wait)
  }

  async #leftEnded({ node, vmid }: Target, { mostMs, signal }: LeftWait): Promise<boolean> {
    const { clock, isLocked } = this.#options
    const endMs = clock.monotonicMs() + mostMs
    for (;;) {
      const isOver = (await this.#tasks.isAtWork(node, vmid)) === false && !isLocked(vmid)
      if (isOver || signal.aborted || clock.monotonicMs() + LEFT_LOOK_MS >= endMs) return isOver
      await clock.sleep(LEFT_LOOK_MS, signal)
    }
  }
}

/** The container that a request is about, which may be one of another node. */
function targetOf({ path }: RestCall): Target | undefined {
  const [, node = '', digits = ''] = /^\/nodes\/([^/]+)\/lxc\/(\d+)/.exec(path) ?? []
  return digits === '' ? undefined : { node, vmid: Number(digits) }
}

function isRefused({ code }: AutoscaleError): boolean {
  return code === 'REST_UNREACHABLE' || code === 'REST_NOT_ALLOWED'
}

function outcomeOf(error: AutoscaleError): CommandReport['outcome'] {
  if (error.leaves === 'unknown') return 'timeout'
  return isRefused(error) ? 'missing' : 'failed'
}

function unreachable(call: RestCall, why: string): AutoscaleError {
  const text = `the REST interface of Proxmox cannot be reached: ${why}; see lxc.rest`
  return new AutoscaleError('REST_UNREACHABLE', text, { details: { command: callText(call) } })
}

function timeoutError(call: RestCall, limitMs: number): AutoscaleError {
  const seconds = Math.round(limitMs) / MS_PER_SECOND
  const text = `${callText(call)}: no answer within ${seconds} s`
  return new AutoscaleError('PCT_TIMEOUT', text, { details: { command: callText(call), limit_seconds: seconds } })
}
