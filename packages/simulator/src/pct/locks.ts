import { acquireProcessLock } from '../host/process-lock.ts'
import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'

/** The lock of a container's configuration file, as messages name it. */
function lockFile(vmid: number): string {
  return `/run/lock/lxc/pve-config-${vmid}.lock`
}

/**
 * Runs `body` while this process alone may change the container. Waiting is told on stderr.
 * @throws {Failure} exit code 4 when the lock does not become free in time
 */
export async function lockConfig<T>(
  context: Context,
  vmid: number,
  body: () => Promise<T>,
  timeoutMs = context.settings.lockTimeoutMs,
): Promise<T> {
  return await lockFileFor(context, { name: `pve-config-${vmid}`, file: lockFile(vmid), timeoutMs }, body)
}

/** The lock that keeps a container from being moved or replicated meanwhile. */
export async function lockMigration<T>(context: Context, vmid: number, body: () => Promise<T>): Promise<T> {
  const request = {
    name: `pve-migrate-${vmid}`,
    file: `/var/lock/pve-manager/pve-migrate-${vmid}`,
    timeoutMs: context.settings.lockTimeoutMs,
  }
  return await lockFileFor(context, request, body)
}

async function lockFileFor<T>(
  { paths, output }: Context,
  { name, file, timeoutMs }: { name: string; file: string; timeoutMs: number },
  body: () => Promise<T>,
): Promise<T> {
  let hasWaited = false
  const lock = await acquireProcessLock({
    root: paths.root,
    name,
    timeoutMs,
    onWait: () => {
      hasWaited = true
      output.err('trying to acquire lock...\n')
    },
  })
  if (lock === undefined) throw new Failure(`can't lock file '${file}' - got timeout`, EXIT.lockTimeout)
  if (hasWaited) output.err(' OK\n')
  try {
    return await body()
  } finally {
    await lock.release()
  }
}
