import { AutoscaleError, MS_PER_SECOND, type PastStep } from '@lxc-autoscale/core'
import { joinSteps } from './join-steps.ts'
import { MOST_RRD_BYTES, parseRrd } from './rrd-file.ts'
import { rrdSteps } from './rrd-steps.ts'

/**
 * Folders of the files of guests, one file for each number, the newer format first. From PVE 9 on only the first is written, and
 * the second keeps what was before. Each node has the files of all guests of the cluster, so that one which moved takes its past along.
 * Source: pve-cluster, src/pmxcfs/status.c, update_rrd_data, of 9.0.7 and of 8.
 */
const PAST_FOLDERS = ['pve-vm-9.0', 'pve2-vm'] as const

/** Reads files; `HostFiles` does. Undefined: not there. */
interface PastFiles {
  /** @throws {AutoscaleError} HOST_UNREADABLE */
  readBytes(path: string, mostBytes?: number): Uint8Array | undefined
}

export interface PastOptions {
  readonly nowMs: number
  /** Nothing older is wanted. */
  readonly sinceMs?: number
  /** Told of each file that cannot be read or understood. */
  readonly onProblem?: (problem: string) => void
}

/** A file of a container: what it holds, or why that cannot be read. */
export type PastContent =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly problem: string }

/** The files of a container that are there, the newer format first. */
export function pastContents(files: PastFiles, root: string, vmid: number): PastContent[] {
  return PAST_FOLDERS.flatMap((folder): PastContent[] => {
    const path = `${root}/${folder}/${vmid}`
    try {
      const bytes = files.readBytes(path, MOST_RRD_BYTES)
      return bytes === undefined ? [] : [{ path, bytes }]
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      return [{ path, problem: error.message }]
    }
  })
}

/**
 * What Proxmox has kept of a container in these files, oldest first, not overlapping, the finest that there is for each moment. The last
 * minutes are missing: rrdcached keeps them to itself for some time. A file that cannot be understood adds nothing.
 *
 * A number that was given to another container goes on in the same file, and nothing in it says so: a container that is not there
 * looks like a host that is off.
 */
export function pastOf(contents: readonly PastContent[], { nowMs, sinceMs = 0, onProblem }: PastOptions): PastStep[] {
  const span = { sinceSeconds: sinceMs / MS_PER_SECOND, nowSeconds: nowMs / MS_PER_SECOND }
  const archives = contents.flatMap(content => {
    const file = 'problem' in content ? content.problem : parseRrd(content.bytes)
    if (typeof file !== 'string') return rrdSteps(file, span)
    onProblem?.('problem' in content ? file : `${content.path}: ${file}`)
    return []
  })
  return joinSteps(archives)
}
