import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson } from '../files/json-file.ts'
import { sharedPve } from './cluster-place.ts'

/** What the HA manager knows of a container. Source: pve-ha-manager, HA/Manager.pm. */
export interface ServiceStatus {
  readonly node: string
  readonly state: 'started' | 'stopped' | 'migrate' | 'relocate' | 'fence' | 'recovery' | 'error'
  readonly target?: string
  readonly running?: 1
  readonly uid: string
}

/** `ha/manager_status`, by which the node that manages tells the others. */
export interface ManagerStatus {
  readonly master_node: string
  readonly node_status: Readonly<Record<string, 'online' | 'unknown' | 'fence'>>
  readonly service_status: Readonly<Record<string, ServiceStatus>>
  /** Seconds since 1970. */
  readonly timestamp: number
}

/** Undefined when nothing was managed yet. */
export function readManagerStatus(paths: HostPaths): ManagerStatus | undefined {
  const text = readIfThere(statusFile(paths))
  return text === undefined ? undefined : JSON.parse(text)
}

export function writeManagerStatus(paths: HostPaths, status: ManagerStatus): void {
  replaceJson(statusFile(paths), status)
}

function statusFile(paths: HostPaths): string {
  return `${sharedPve(paths)}/ha/manager_status`
}
