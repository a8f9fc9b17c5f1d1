import { type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import { type AuditEntry, type BegunChange, isEnded } from './audit-entry.ts'

/** Each is a command of Proxmox, which takes a second: more than a host makes in the hours that they are kept. */
export const MAX_KEYED_CHANGES = 10_000

/** The changes that must not be made again for their Idempotency-Key: the newest of them, as long as they are kept. */
export class KeyedChanges {
  readonly #clock: Clock
  readonly #keptMs: number
  readonly #changes = new Map<string, BegunChange | AuditEntry>()

  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock
    this.#keptMs = keptMs
  }

  remember(change: BegunChange | AuditEntry): void {
    const { idempotency_key: key, who } = change
    if (key === null) return
    const name = nameOf(who.key, key)
    this.#changes.delete(name)
    if (mayBeRepeated(change)) return
    this.#changes.set(name, change)
    const oldest = this.#changes.keys().next().value
    if (this.#changes.size > MAX_KEYED_CHANGES && oldest !== undefined) this.#changes.delete(oldest)
  }

  /** The change that was begun for a key of `caller`. */
  find(caller: string, key: string): BegunChange | AuditEntry | undefined {
    const change = this.#changes.get(nameOf(caller, key))
    return change === undefined || this.isOver(change) ? undefined : change
  }

  /** Whether a change is so long ago that its key is free again: by the clock of the boot, which nobody sets, if it can be. */
  isOver({ time, boot }: BegunChange): boolean {
    const now = this.#clock.sinceBoot()
    const isSameBoot = boot !== undefined && boot.id === now?.id
    const ageMs = isSameBoot ? (now.seconds - boot.seconds) * MS_PER_SECOND : this.#clock.nowMs() - Date.parse(time)
    return ageMs > this.#keptMs
  }
}

/** Setting an allocation twice comes to the same as once; and what was refused has changed nothing. */
function mayBeRepeated(change: BegunChange | AuditEntry): boolean {
  const outcome = isEnded(change) ? change.outcome : undefined
  return outcome === 'refused' || (change.action === 'scale' && outcome !== 'applied')
}

function nameOf(caller: string, key: string): string {
  return JSON.stringify([caller, key])
}
