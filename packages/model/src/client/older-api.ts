import { AutoscaleError } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { AllocationChange, ConfiguredAllocation } from './allocation-change.ts'
import { readData } from './api-reply.ts'
import { type ApplyOutcome, outcomeOfError } from './apply-outcome.ts'
import type { ContainerConfig } from './container-config.ts'
import { describeConfigured, readConfig } from './read-replies.ts'
import type { ApiReply, ApiRequest } from './transport.ts'

/** Sends a request with all that the client does about failures. */
export type Call = <Result>(request: ApiRequest, read: (reply: ApiReply) => Result) => Promise<Result>

/** Routes by which the older API sets one thing at a time. */
export interface OlderRoutes {
  readonly cores: string
  readonly ram: string
}

/** Only an API that is older than this client lacks a route. */
export function isMissingRoute(error: unknown): boolean {
  return error instanceof AutoscaleError && (error.code === 'ROUTE_NOT_FOUND' || error.code === 'METHOD_NOT_ALLOWED')
}

/** What one container has configured; both APIs know this route. */
export function fetchConfig(vmid: number, call: Call): Promise<ContainerConfig> {
  const path = `/resource/lxc/config?lxc_id=${vmid}`
  return call({ method: 'GET', path }, reply => readConfig(`GET ${path}`, vmid, reply))
}

/**
 * Applies `change` by the routes of the older API: it compares nothing, so what was expected is read again first; it sets
 * one thing at a time, so the outcome tells what was done when the second step failed.
 * @throws {AutoscaleError} when nothing was changed.
 */
export async function applyByOlderRoutes(
  change: AllocationChange,
  routes: OlderRoutes,
  call: Call,
): Promise<ApplyOutcome> {
  const { vmid, set, expected } = change
  if (set.cpuLimit !== undefined) {
    throw new AutoscaleError('INVALID_REQUEST', `container ${vmid}: this API is older and cannot set cpulimit`)
  }
  const present = await fetchConfig(vmid, call)
  if (present.cores !== expected.cores || present.memoryMb !== expected.memoryMb) {
    throw new AutoscaleError('ALLOCATION_MOVED', `container ${vmid}: it has ${describeConfigured(present)} now`)
  }
  let confirmed: ConfiguredAllocation = expected
  try {
    if (set.memoryMb !== undefined) {
      await post(call, routes.ram, { lxc_id: vmid, memory: set.memoryMb })
      confirmed = { ...confirmed, memoryMb: set.memoryMb }
    }
    if (set.cores !== undefined) {
      await post(call, routes.cores, { lxc_id: vmid, cores: set.cores })
      confirmed = { ...confirmed, cores: set.cores }
    }
  } catch (error) {
    if (confirmed === expected) throw error
    return { ...outcomeOfError(vmid, error), confirmed }
  }
  return { vmid, kind: 'applied', code: undefined, text: 'done', confirmed }
}

async function post(call: Call, path: string, body: object): Promise<void> {
  await call({ method: 'POST', path, body }, reply => readData(`POST ${path}`, reply, z.unknown()))
}
