import { AutoscaleError } from '@lxc-autoscale/core'
import type { ApiClient } from '../api/api-client.ts'

/**
 * Nothing when the host has container `vmid`, a note for people when that could not be checked.
 * @throws {AutoscaleError} CONTAINER_NOT_FOUND when it has none
 */
export async function unlessMissing(api: ApiClient, vmid: number): Promise<string[]> {
  try {
    await api.config(vmid)
    return []
  } catch (error) {
    if (!(error instanceof AutoscaleError) || error.code === 'CONTAINER_NOT_FOUND') throw error
    return [`whether there is a container ${vmid} could not be checked: ${error.message}`]
  }
}
