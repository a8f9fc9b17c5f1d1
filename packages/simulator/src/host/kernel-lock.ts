import { withProcessLock } from './process-lock.ts'

const KERNEL_LOCK_MS = 30_000

/**
 * Runs `body` while nobody else changes kernel files or the set of running containers. A real kernel does this inside; here
 * the engine holds it during a step, and a command for the moment of a write.
 */
export async function withKernel<T>(root: string, body: () => T | Promise<T>): Promise<T> {
  return await withProcessLock({ root, name: 'kernel', timeoutMs: KERNEL_LOCK_MS }, body)
}
