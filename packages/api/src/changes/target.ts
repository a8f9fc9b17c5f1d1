import type { Limits } from '@lxc-autoscale/host'
import type { SetOptions } from '../pct/commands.ts'

/** What somebody believed a container has. `null`: not set; undefined: not said. */
export interface ExpectedLimits {
  readonly cores?: number | null | undefined
  readonly cpuLimit?: number | null | undefined
  readonly memoryMb?: number | null | undefined
}

/** What somebody expects who has seen `limits`. */
export function expectedAs({ cores, cpuLimit, memoryMb }: Limits): ExpectedLimits {
  return { cores: cores ?? null, cpuLimit: cpuLimit ?? null, memoryMb: memoryMb ?? null }
}

/** The part of `asked` that the container does not have yet; undefined when it has all of it. */
export function missingPart(asked: SetOptions, configured: Limits): SetOptions | undefined {
  const missing: SetOptions = {
    ...(differs(asked.cores, configured.cores) ? { cores: asked.cores } : {}),
    ...(differs(asked.cpuLimit, configured.cpuLimit) ? { cpuLimit: asked.cpuLimit } : {}),
    ...(differs(asked.memoryMb, configured.memoryMb) ? { memoryMb: asked.memoryMb } : {}),
  }
  return Object.keys(missing).length === 0 ? undefined : missing
}

/** The names of what is not as it was expected. */
export function movedParts(expected: ExpectedLimits, configured: Limits): readonly string[] {
  return [
    ...(differs(expected.cores, configured.cores) ? ['cores'] : []),
    ...(differs(expected.cpuLimit, configured.cpuLimit) ? ['cpulimit'] : []),
    ...(differs(expected.memoryMb, configured.memoryMb) ? ['memory'] : []),
  ]
}

/** What the container will have once `asked` is set. */
export function withTarget(configured: Limits, asked: SetOptions): Limits {
  return {
    ...configured,
    cores: asked.cores === undefined ? configured.cores : (asked.cores ?? undefined),
    cpuLimit: asked.cpuLimit === undefined ? configured.cpuLimit : (asked.cpuLimit ?? undefined),
    memoryMb: asked.memoryMb ?? configured.memoryMb,
  }
}

function differs(asked: number | null | undefined, now: number | undefined): boolean {
  return asked !== undefined && (asked ?? undefined) !== now
}
