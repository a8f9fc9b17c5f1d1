import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { acquireProcessLock, type ProcessLock } from '../host/process-lock.ts'
import type { CommandTime, Context, TaskKind, TaskWork } from '../pct/context.ts'
import { Failure } from '../pct/failure.ts'
import { errorLine, WorkerOutput } from '../pct/worker.ts'
import { newUpid, parseUpid, type TaskName } from './upid.ts'

/** A task as the list has it; `status` is how it ended, `RUNNING` while it runs. */
export interface ListedTask extends TaskName {
  readonly endtime?: number
  readonly status: string
}

/**
 * The tasks of a host: each has a log, whose last line says how it ended, and a line in the list. They go on behind the request
 * that began them and end with this process; that one is over is known by a lock, as on a real host by its process.
 */
export class TaskList {
  readonly #paths: HostPaths
  readonly #stops = new Map<string, AbortController>()

  constructor(paths: HostPaths) {
    this.#paths = paths
  }

  /** Begins one, and gives its name at once. */
  begin(context: Context, kind: TaskKind, { user, work }: { user: string; work: TaskWork }): string {
    const upid = newUpid(context.identity.node, kind, user)
    const stop = new AbortController()
    this.#stops.set(upid, stop)
    mkdirSync(dirname(this.#log(upid)), { recursive: true })
    writeFileSync(this.#log(upid), '')
    this.#changeActive(upids => [...upids, upid])
    void this.#run(context, upid, work)
    return upid
  }

  async #run(context: Context, upid: string, work: TaskWork): Promise<void> {
    const lock = await this.#lock(upid)
    await this.#archiveEnded(0)
    const log = (text: string) => appendFileSync(this.#log(upid), text)
    const output = new WorkerOutput({ out: log })
    const stop = this.#stops.get(upid)?.signal
    try {
      await work({ ...context, output, ...(stop === undefined ? {} : { time: stoppable(context.time, stop) }) })
      log(output.warnings > 0 ? `TASK WARNINGS: ${output.warnings}\n` : 'TASK OK\n')
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log(`TASK ERROR: ${errorLine(error)}\n`)
    } finally {
      this.#stops.delete(upid)
      await lock?.release()
    }
  }

  /** Ends it as soon as it waits for something. */
  stop(upid: string): void {
    this.#stops.get(upid)?.abort()
  }

  async isRunning(upid: string): Promise<boolean> {
    if (this.#stops.has(upid)) return true
    const lock = await this.#lock(upid)
    await lock?.release()
    return lock === undefined
  }

  /** What it has printed; undefined when there is no such task. */
  readLog(upid: string): string | undefined {
    return readIfThere(this.#log(upid))
  }

  /** How it ended. Source: pve-common, UPID.pm, read_status. */
  exitStatus(upid: string): string {
    const last = this.readLog(upid)?.trimEnd().split('\n').at(-1) ?? ''
    if (last === 'TASK OK') return 'OK'
    return /^TASK (?:ERROR: (.+)|(WARNINGS: \d+))$/.exec(last)?.slice(1).find(Boolean) ?? 'unexpected status'
  }

  /** Those that run, newest first, and those that are over: a task that has just ended is still among the first. */
  async list(
    passMs: number,
  ): Promise<{ readonly active: readonly ListedTask[]; readonly archived: readonly ListedTask[] }> {
    await this.#archiveEnded(passMs)
    const active = this.#active().flatMap(upid => {
      const task = parseUpid(upid)
      return task === undefined ? [] : [{ ...task, status: 'RUNNING' }]
    })
    const lines = (readIfThere(this.#index()) ?? '').split('\n').filter(line => line !== '')
    const archived = lines.reverse().flatMap(line => {
      const [, upid = '', end = '', status = ''] = /^(\S+) ([0-9A-F]{8}) (.+)$/.exec(line) ?? []
      const task = parseUpid(upid)
      return task === undefined ? [] : [{ ...task, endtime: Number.parseInt(end, 16), status }]
    })
    return { active: active.reverse(), archived }
  }

  /** Moves those that have been over for a while. Source: pve-common, RESTEnvironment.pm, active_workers. */
  async #archiveEnded(passMs: number): Promise<void> {
    for (const upid of this.#active()) {
      const quietMs = Date.now() - statSync(this.#log(upid)).mtimeMs
      if (quietMs >= passMs && !(await this.isRunning(upid)) && this.#active().includes(upid)) this.#archive(upid)
    }
  }

  #archive(upid: string): void {
    const end = Math.trunc(Date.now() / MS_PER_SECOND)
    const hex = end.toString(16).toUpperCase().padStart(8, '0')
    appendFileSync(this.#index(), `${upid} ${hex} ${this.exitStatus(upid)}\n`)
    this.#changeActive(upids => upids.filter(other => other !== upid))
  }

  #active(): readonly string[] {
    return (readIfThere(`${this.#paths.tasks}/active`) ?? '').split('\n').filter(line => line !== '')
  }

  #changeActive(change: (upids: readonly string[]) => readonly string[]): void {
    replaceText(
      `${this.#paths.tasks}/active`,
      change(this.#active())
        .map(upid => `${upid}\n`)
        .join(''),
    )
  }

  #index(): string {
    return `${this.#paths.tasks}/index`
  }

  /** Logs lie in folders by the last digit of the moment of their start. */
  #log(upid: string): string {
    const start = upid.split(':')[4] ?? ''
    return `${this.#paths.tasks}/${start.slice(-1)}/${upid}`
  }

  async #lock(upid: string): Promise<ProcessLock | undefined> {
    const [, , pid, start] = upid.split(':')
    return await acquireProcessLock({ root: this.#paths.root, name: `task-${pid}-${start}`, timeoutMs: 0 })
  }
}

/** Time in which a wait ends with an error once the task is to stop. Source: pve-common, RESTEnvironment.pm, fork_worker. */
function stoppable(time: CommandTime, signal: AbortSignal): CommandTime {
  const interrupted = () => new Failure('received interrupt')
  return {
    nowMs: () => time.nowMs(),
    sleep: ms =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(interrupted())
        const stop = () => reject(interrupted())
        signal.addEventListener('abort', stop, { once: true })
        void time.sleep(ms).then(() => {
          signal.removeEventListener('abort', stop)
          resolve()
        })
      }),
  }
}
