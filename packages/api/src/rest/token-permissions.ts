import { AutoscaleError, type Clock, errorMessage } from '@lxc-autoscale/core'
import type { RestSection } from '../config.ts'
import { Permissions } from './privileges.ts'
import { RestConnection } from './rest-connection.ts'
import { answerData } from './rest-failure.ts'
import { readRestSettings } from './rest-settings.ts'

const LIMIT_MS = 10_000

/** What the token of the configuration may, as Proxmox says. */
export interface TokenPermissions {
  readonly tokenId: string
  readonly permissions: Permissions
}

/** @throws {AutoscaleError} CONFIG_INVALID, REST_UNREACHABLE, REST_NOT_ALLOWED, PCT_FAILED: what keeps the token from being used */
export async function askTokenPermissions(section: RestSection, clock: Clock): Promise<TokenPermissions> {
  const settings = readRestSettings(section)
  const call = { method: 'GET', path: '/access/permissions', isTask: false } as const
  const connection = new RestConnection(settings)
  try {
    const answer = await connection.send(call, { limitMs: LIMIT_MS, clock }).catch(error => {
      throw new AutoscaleError('REST_UNREACHABLE', `${settings.url}: ${errorMessage(error)}`)
    })
    if (answer === undefined) throw new AutoscaleError('REST_UNREACHABLE', `${settings.url}: no answer within 10 s`)
    const { data } = Permissions.safeParse(answerData(call, settings.token.id, answer))
    if (data === undefined) throw new AutoscaleError('PCT_FAILED', `${settings.url}: its answer is not understood`)
    return { tokenId: settings.token.id, permissions: data }
  } finally {
    await connection.close()
  }
}
