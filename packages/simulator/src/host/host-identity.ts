import { readFileSync } from 'node:fs'
import type { HostPaths } from '../files/host-paths.ts'

/** What a pretend host is and always stays. */
export interface HostIdentity {
  readonly node: string
  readonly seed: number
  readonly cores: number
  readonly memoryMb: number
  readonly pveVersion: string
  /** Seconds since 1970. */
  readonly bootedAtSeconds: number
}

/** The identity of the host in `paths`. @throws {Error} when there is no pretend host. */
export function readIdentity(paths: HostPaths): HostIdentity {
  try {
    return JSON.parse(readFileSync(paths.host, 'utf8'))
  } catch (error) {
    throw new Error(`no pretend host in ${paths.root}`, { cause: error })
  }
}
