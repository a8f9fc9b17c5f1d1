import { readdirSync, rmSync } from 'node:fs'
import type { HostPaths } from '../files/host-paths.ts'
import { isErrno, readIfThere, replaceJson, replaceText } from '../files/json-file.ts'
import { sharedPve } from '../host/cluster-place.ts'
import { readConf, storeLxcConfig } from '../host/container-conf.ts'
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

/** Leaves a command for the HA manager of the cluster. Source: pve-ha-manager, HA/Config.pm, queue_crm_commands. */
export function queueCrmCommand(paths: HostPaths, command: string): void {
  const file = crmCommandsFile(paths)
  replaceText(file, `${readIfThere(file) ?? ''}${command}\n`)
}

/** Where it finds them. */
export function crmCommandsFile(paths: HostPaths): string {
  return `${sharedPve(paths)}/ha/crm_commands`
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
    await bringTo(paths, identity, vmid, request.wanted)
  }
}

/** Starts or stops a container of this host unless it is so already. */
export async function bringTo(
  paths: HostPaths,
  identity: HostIdentity,
  vmid: number,
  wanted: HighAvailabilityRequest['wanted'],
): Promise<void> {
  await withKernel(paths.root, () => bringLocked(paths, identity, vmid, wanted))
}

function bringLocked(paths: HostPaths, identity: HostIdentity, vmid: number, wanted: 'started' | 'stopped'): void {
  const isRunning = readRun(paths, vmid) !== undefined
  const conf = readConf(paths, identity.node, vmid)?.conf
  if (wanted === 'stopped' && isRunning) stopContainer(paths, vmid)
  if (wanted === 'stopped' || isRunning || conf === undefined) return
  storeLxcConfig(paths, vmid, conf)
  startContainer(paths, identity, vmid, conf)
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
