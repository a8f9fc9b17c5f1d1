import { setTimeout as delay } from 'node:timers/promises'
import {
  AutoscaleError,
  acquireInstanceLock,
  errorMessage,
  type InstanceLock,
  NO_PAUSES,
  openUntilMs,
  type Pauses,
  pausesFile,
  readPauses,
  replaceFile,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { modelView } from './model-view.ts'

/** How long another command that writes the file is waited for, and how often it is looked. */
const WAIT_MS = 10_000
const LOOK_MS = 100
/** The model reads it, which is another user. */
const FOR_ALL_TO_READ = 0o644

/** The file by which `ignore` and `mode` tell the model. */
export class PausesStore {
  readonly #file: string

  constructor(configDir: string) {
    this.#file = pausesFile(modelView(configDir).config.state.directory)
  }

  /** Without what is over at `nowMs`. @throws {AutoscaleError} STATE_INVALID, HOST_UNREADABLE */
  read(nowMs: number): Pauses {
    try {
      return openOnes(readPauses(this.#file), nowMs)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return NO_PAUSES
      if (!(error instanceof AutoscaleError)) throw unusable('HOST_UNREADABLE', error)
      throw unusable('STATE_INVALID', error)
    }
  }

  /** Two commands at once change it one after the other. @throws {AutoscaleError} STATE_INVALID, HOST_UNREADABLE, ALREADY_RUNNING */
  async change(nowMs: number, change: (pauses: Pauses) => Pauses): Promise<{ before: Pauses; after: Pauses }> {
    const lock = await this.#lock()
    try {
      const before = this.read(nowMs)
      const after = change(before)
      await replaceFile(this.#file, `${JSON.stringify(after)}\n`, FOR_ALL_TO_READ)
      return { before, after }
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      throw new AutoscaleError('HOST_UNREADABLE', `${this.#file}: cannot be written: ${errorMessage(error)}`)
    } finally {
      lock.release()
    }
  }

  async #lock(): Promise<InstanceLock> {
    for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
      try {
        return acquireInstanceLock(`${this.#file}.lock`)
      } catch (error) {
        const isHeld = error instanceof AutoscaleError && error.code === 'ALREADY_RUNNING'
        if (!isHeld || waitedMs >= WAIT_MS) throw error
        await delay(LOOK_MS)
      }
    }
  }
}

function openOnes({ all, containers, modes }: Pauses, nowMs: number): Pauses {
  const isOpen = (until: string | undefined) => openUntilMs(until, nowMs) !== undefined
  return {
    ...(all === undefined || !isOpen(all) ? {} : { all }),
    containers: Object.fromEntries(Object.entries(containers).filter(([, until]) => isOpen(until))),
    modes,
  }
}

function unusable(code: 'STATE_INVALID' | 'HOST_UNREADABLE', error: unknown): AutoscaleError {
  const mend =
    'while it is so the model leaves every container alone; set it right, or delete it to end all pauses and modes'
  return new AutoscaleError(code, `${errorMessage(error)}; ${mend}`, { cause: error })
}
