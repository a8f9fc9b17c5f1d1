import { Vmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { ConfiguredAllocation } from '../client/allocation-change.ts'
import { parseState } from './set-aside.ts'

/** A change that was sent, as the container is configured once it is done. */
export interface PendingChange extends ConfiguredAllocation {
  readonly vmid: number
  readonly atMs: number
  /** Whether the API confirmed it. What it did not confirm may have been done all the same. */
  readonly isConfirmed: boolean
}

const Saved = z.object({
  version: z.literal(1),
  changes: z.array(
    z.object({
      vmid: Vmid,
      atMs: z.number(),
      cores: z.number().nullable(),
      cpuLimit: z.number().nullable(),
      memoryMb: z.number().nullable(),
      isConfirmed: z.boolean(),
    }),
  ),
})

/**
 * The changes that the saved state does not know of yet. They are written down before they are sent: after a kill or a
 * lost answer the container may have a size that we set and do not remember, which would be taken for a person's doing.
 */
export class PendingChanges {
  #changes = new Map<number, PendingChange>()

  add(change: PendingChange): void {
    this.#changes.set(change.vmid, change)
  }

  /** It is known that the container has `configured` now by our doing; that is kept until the learned state is saved. */
  confirm(vmid: number, { cores, cpuLimit, memoryMb }: ConfiguredAllocation): void {
    const change = this.#changes.get(vmid)
    if (change !== undefined) this.#changes.set(vmid, { ...change, cores, cpuLimit, memoryMb, isConfirmed: true })
  }

  /** It is known that the change of `vmid` was not done. */
  drop(vmid: number): void {
    this.#changes.delete(vmid)
  }

  /** The learned state was saved, and with it all that is confirmed. */
  stateSaved(): void {
    for (const [vmid, { isConfirmed }] of this.#changes) if (isConfirmed) this.#changes.delete(vmid)
  }

  unconfirmed(): PendingChange[] {
    return [...this.#changes.values()].filter(({ isConfirmed }) => !isConfirmed)
  }

  get size(): number {
    return this.#changes.size
  }

  format(): string {
    return `${JSON.stringify({ version: 1, changes: [...this.#changes.values()] })}\n`
  }

  /**
   * The changes of an earlier process. None of them is confirmed to this one: its saved state is older than they are.
   * @throws {AutoscaleError} STATE_INVALID when `text` is damaged or of another version.
   */
  static parse(text: string): PendingChanges {
    const pending = new PendingChanges()
    for (const change of parseState(Saved, text).changes) pending.add({ ...change, isConfirmed: false })
    return pending
  }
}
