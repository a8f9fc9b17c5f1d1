import { isObject } from '@lxc-autoscale/core'
import type { FastifyRequest } from 'fastify'
import { requireReach, requireRole } from './caller.ts'

const CONTAINER_FIELDS = ['lxc_id', 'new_lxc_id'] as const

/**
 * Refuses what a caller may not do with the checked fields of a request: touch a container that its key is not for, or use force.
 * @throws {AutoscaleError} FORBIDDEN
 */
export function guardFields({ caller, body, query }: Pick<FastifyRequest, 'caller' | 'body' | 'query'>): void {
  for (const fields of [body, query].filter(isObject)) {
    for (const name of CONTAINER_FIELDS) {
      const vmid = fields[name]
      if (typeof vmid === 'number') requireReach(caller, vmid)
    }
    if (fields['force'] === true) requireRole(caller, 'admin', () => '"force": true')
  }
}
