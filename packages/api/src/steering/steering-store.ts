import { join } from 'node:path'
import {
  ALL_CONTAINERS,
  AutoscaleError,
  type Clock,
  errorMessage,
  type Logger,
  type Mode,
  NO_STEERING,
  readRegularFile,
  removeTemporaries,
  replaceFile,
  type SteeringBody,
  type SteeringsBody,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { z } from 'zod'
import { fileVersion } from '../host/file-version.ts'
import { formerPausesFile, readFormerPauses } from './former-pauses.ts'
import { type KeptBoost, NOTHING_TOLD, steeringBody, steeringsBody, Told, withOne, withoutOver } from './told.ts'

const FILE = 'steering.json'
/** Far more than a boost for each container. */
const MOST_BYTES = 16_777_216

export interface SteeringStoreParts {
  /** The state directory of the API, which is there. */
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What people tell the autoscaler to do: pauses, modes, boosts. The file is the truth: it is looked at before each use, so that
 * an administrator may set it right or delete it. While it is damaged nobody knows what was told, and nothing may be changed.
 */
export class SteeringStore {
  readonly #path: string
  readonly #clock: Clock
  #read: { readonly version: string; readonly found: Told | AutoscaleError } | undefined
  /** What the file of an earlier version holds cannot be used, and none of ours is there. */
  #formerProblem: AutoscaleError | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor({ directory, clock }: SteeringStoreParts) {
    this.#path = join(directory, FILE)
    this.#clock = clock
  }

  /** Takes over, once, what an earlier version left. @throws {AutoscaleError} AUDIT_UNAVAILABLE when that cannot be written */
  static async open(parts: SteeringStoreParts): Promise<SteeringStore> {
    await removeTemporaries(parts.directory, name => name === FILE)
    const store = new SteeringStore(parts)
    if (fileVersion(store.#path) === 'ENOENT') await store.#takeOver(formerPausesFile(parts.directory), parts.log)
    return store
  }

  /** What is told of a container; never throws. */
  of(vmid: number): SteeringBody {
    return this.look().of(vmid)
  }

  /** What is told of each container at this moment, for who asks for many; `told` is another one when something else is. */
  look(): { readonly told: unknown; of(vmid: number): SteeringBody } {
    const told = this.#told()
    if (told instanceof AutoscaleError) return { told, of: () => ({ ...NO_STEERING, problem: told.message }) }
    const nowMs = this.#clock.nowMs()
    return { told, of: vmid => steeringBody(told, vmid, nowMs) }
  }

  /** What is told of the containers that `isShown`; never throws. */
  all(isShown: (vmid: number) => boolean): SteeringsBody {
    const told = this.#told()
    const isUnknown = told instanceof AutoscaleError
    const body = steeringsBody(isUnknown ? NOTHING_TOLD : told, isShown, this.#clock.nowMs())
    return isUnknown ? { ...body, problem: told.message } : body
  }

  /** The pause of a container alone, or that of all (ALL_CONTAINERS). @throws {AutoscaleError} STATE_INVALID */
  pauseOf(vmid: number): string | null {
    const { all_paused_until: all, pauses } = withoutOver(this.#usable(), this.#clock.nowMs())
    return vmid === ALL_CONTAINERS ? all : (pauses[vmid] ?? null)
  }

  /** @throws {AutoscaleError} STATE_INVALID */
  modeOf(vmid: number): Mode | null {
    return this.#usable().modes[vmid] ?? null
  }

  /** @throws {AutoscaleError} STATE_INVALID */
  boostOf(vmid: number): KeptBoost | undefined {
    return this.#usable().boosts[vmid]
  }

  /** None where nobody knows. */
  boosts(): readonly KeptBoost[] {
    const told = this.#told()
    return told instanceof AutoscaleError ? [] : Object.values(told.boosts)
  }

  /** @throws {AutoscaleError} as `boostOf` and AUDIT_UNAVAILABLE: then nothing is changed */
  setPause(vmid: number, until: string | null): Promise<void> {
    return this.#change(told =>
      vmid === ALL_CONTAINERS
        ? { ...told, all_paused_until: until }
        : { ...told, pauses: withOne(told.pauses, vmid, until ?? undefined) },
    )
  }

  /** @throws {AutoscaleError} as `setPause` */
  setMode(vmid: number, mode: Mode | null): Promise<void> {
    return this.#change(told => ({ ...told, modes: withOne(told.modes, vmid, mode ?? undefined) }))
  }

  /** Undefined: it has none. @throws {AutoscaleError} as `setPause` */
  setBoost(vmid: number, boost: KeptBoost | undefined): Promise<void> {
    return this.#change(told => ({ ...told, boosts: withOne(told.boosts, vmid, boost) }))
  }

  /** One change after the other; it is on the disk afterwards. */
  #change(edit: (told: Told) => Told): Promise<void> {
    const changed = this.#turn.then(() => this.#write(edit(withoutOver(this.#usable(), this.#clock.nowMs()))))
    this.#turn = changed.catch(() => undefined)
    return changed
  }

  async #write(told: Told): Promise<void> {
    try {
      await replaceFile(this.#path, `${JSON.stringify(told)}\n`)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      const message = `${this.#path}: cannot be written: ${errorMessage(error)}`
      throw new AutoscaleError('AUDIT_UNAVAILABLE', message, { cause: error })
    }
  }

  #usable(): Told {
    const told = this.#told()
    if (told instanceof AutoscaleError) throw told
    return told
  }

  #told(): Told | AutoscaleError {
    const version = fileVersion(this.#path)
    if (this.#read?.version !== version) this.#read = { version, found: this.#load() }
    return this.#read.found
  }

  #load(): Told | AutoscaleError {
    try {
      const { data, error } = Told.safeParse(JSON.parse(readRegularFile(this.#path, MOST_BYTES)))
      return data ?? unusable(this.#path, z.prettifyError(error).replaceAll('\n', ' '))
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOENT') return this.#formerProblem ?? NOTHING_TOLD
      if (code === undefined && !(error instanceof SyntaxError || error instanceof AutoscaleError)) throw error
      return unusable(this.#path, errorMessage(error))
    }
  }

  /** That file stays where it is, since it is root's: ours, which is there from then on, says that it was read. */
  async #takeOver(file: string, log: Logger): Promise<void> {
    const former = readFormerPauses(file)
    if (former === undefined) return
    if (former instanceof AutoscaleError) {
      this.#formerProblem = former
      log.error({ problem: former.message }, 'the pauses of the version before cannot be read: all is left alone')
      return
    }
    const { all = null, containers: pauses, modes } = former
    await this.#write({ ...NOTHING_TOLD, all_paused_until: all, pauses, modes })
    log.info({ file, pauses: Object.keys(pauses).length, modes: Object.keys(modes).length }, TAKEN_OVER)
  }
}

const TAKEN_OVER =
  'pauses and modes of the version before were taken over; that file is not read again and may be removed'

function unusable(path: string, what: string): AutoscaleError {
  const mend = 'set it right, or delete it, which ends all pauses, modes and boosts'
  return new AutoscaleError('STATE_INVALID', `${path}: ${what}; ${mend}`)
}
