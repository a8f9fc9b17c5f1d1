import { readdirSync, rmSync } from 'node:fs'
import type { HostPaths } from '../files/host-paths.ts'
import { isErrno, readIfThere, replaceJson } from '../files/json-file.ts'
import { readConf } from '../host/container-conf.ts'
import type { HostIdentity } from '../host/host-identity.ts'
import { withKernel } from '../host/kernel-lock.ts'
import { startContainer, stopContainer } from '../host/lifecycle.ts'
import { numbersIn, readRun } from '../host/runs.ts'

/** A state that the HA manager was asked for, and when it will act. */
export interface HighAvailabilityRequest {
  readonly wanted: 'started' | 'stopped'
  readonly dueUptimeMs: number
}

/** Notes that a container should be started or stopped; the HA manager does it later. */
export function requestState(paths: HostPaths, vmid: number, request: HighAvailabilityRequest): void {
  replaceJson(requestFile(paths, vmid), request)
}

/** Carries out what is due. */
export async function actForHighAvailability(
  paths: HostPaths,
  identity: HostIdentity,
  uptimeMs: number,
): Promise<void> {
  for (const vmid of requested(paths)) {
    const text = readIfThere(requestFile(paths, vmid))
    if (text === undefined) continue
    const request: HighAvailabilityRequest = JSON.parse(text)
    if (uptimeMs < request.dueUptimeMs) continue
    rmSync(requestFile(paths, vmid), { force: true })
    await withKernel(paths.root, () => bringTo(paths, identity, vmid, request.wanted))
  }
}

function bringTo(paths: HostPaths, identity: HostIdentity, vmid: number, wanted: 'started' | 'stopped'): void {
  const isRunning = readRun(paths, vmid) !== undefined
  const conf = readConf(paths, identity.node, vmid)?.conf
  if (wanted === 'stopped' && isRunning) stopContainer(paths, vmid)
  if (wanted === 'started' && !isRunning && conf !== undefined) startContainer(paths, identity, vmid, conf)
}

function requested(paths: HostPaths): readonly number[] {
  try {
    return numbersIn(readdirSync(paths.highAvailability))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

function requestFile(paths: HostPaths, vmid: number): string {
  return `${paths.highAvailability}/${vmid}.json`
}
