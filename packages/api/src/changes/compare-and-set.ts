import { AutoscaleError } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'

export interface CompareAndSet<Result> {
  read(): Promise<ContainerFacts>
  /** Runs a command with the digest of `facts`, from which it decides. */
  make(facts: ContainerFacts): Promise<Result>
  /** @throws {AutoscaleError} when what is to be changed is another at `now` than it was when `before` was read */
  checkSame(before: ContainerFacts, now: ContainerFacts): void
}

/** Each costs a start of `pct`; who writes a configuration more often than that is left to it. */
const MOST_ATTEMPTS = 3

/**
 * Makes a change only of the configuration that it was decided from. When Proxmox finds another one at the moment of its
 * write, the container is read anew: it is decided again where something else was changed, and left as it is where it was what
 * is to be changed.
 * @throws {AutoscaleError} ALLOCATION_MOVED, and as `make` does
 */
export async function compareAndSet<Result>({ read, make, checkSame }: CompareAndSet<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const facts = await read()
    try {
      return await make(facts)
    } catch (error) {
      if (!isModified(error)) throw error
      checkSame(facts, await read())
      if (attempt === MOST_ATTEMPTS) throw error
    }
  }
}

/** Whether a command did nothing since the configuration was not the one of its digest. */
export function isModified(error: unknown): boolean {
  return error instanceof AutoscaleError && error.code === 'ALLOCATION_MOVED' && 'command' in error.details
}
