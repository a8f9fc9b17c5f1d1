import { AutoscaleError, parseJson } from '@lxc-autoscale/core'
import { z } from 'zod'
import { commandFailure } from '../pct/failure.ts'
import type { RestCall } from '../ports.ts'
import type { RestAnswer } from './rest-connection.ts'

const Body = z
  .object({
    data: z.unknown().optional(),
    message: z.string().optional().catch(undefined),
    errors: z.record(z.string(), z.string()).optional().catch(undefined),
  })
  .catch({ data: undefined })

/** pveproxy has not reached the node, so that it was not asked. Source: AnyEvent::HTTP, which gives 595 before and 596 to 599 after. */
const NOT_ASKED = 595

/** The data of an answer. @throws {AutoscaleError} by what the answer says */
export function answerData(call: RestCall, tokenId: string, answer: RestAnswer): unknown {
  const body = Body.parse(parseJson(answer.body))
  if (answer.status === 200 && body.data !== undefined) return body.data
  throw failureOf(call, tokenId, { ...answer, said: (body.message ?? answer.reason).trim(), errors: body.errors ?? {} })
}

interface Failed extends RestAnswer {
  readonly said: string
  readonly errors: Readonly<Record<string, string>>
}

function failureOf(call: RestCall, tokenId: string, { status, said, errors }: Failed): AutoscaleError {
  const commandLine = callText(call)
  const details = { command: commandLine, exit: `status ${status}` }
  if (status === 401) {
    const mend = 'see lxc.rest.token_file; "lxc-autoscale setup-token --run --renew" makes a new one'
    return new AutoscaleError('REST_NOT_ALLOWED', `Proxmox does not accept the token ${tokenId} (${said}); ${mend}`, {
      details,
    })
  }
  if (status === NOT_ASKED) return new AutoscaleError('NODE_OFFLINE', `${commandLine}: ${said}`, { details })
  // What stands between us and Proxmox, or Proxmox and its node, gave up; they may have been at it.
  const isSuccess = status < 300
  if (isSuccess || (status > 500 && status !== 501)) {
    const why = isSuccess ? `${status}, but not as Proxmox says it` : `${status} ${said}`
    return call.method === 'GET'
      ? new AutoscaleError('NODE_OFFLINE', `${commandLine}: ${why}`, { details })
      : lostAnswer(call, why)
  }
  const stderr = status === 400 ? parameterText(said, errors) : said
  const failure = commandFailure({ commandLine, exitCode: undefined, ended: details.exit, stdout: '', stderr })
  return explained(failure, tokenId)
}

/** As `pct` prints them. Source: PVE::CLIHandler; PVE::RESTHandler, raise_param_exc. */
function parameterText(said: string, errors: Readonly<Record<string, string>>): string {
  const lines = Object.entries(errors).map(([name, text]) => `${name}: ${text.trim()}`)
  return ['400 Parameter verification failed.', ...(lines.length === 0 ? [said] : lines)].join('\n')
}

/** The failure; where a privilege is missing, with which one, and what gives it. */
export function explained(failure: AutoscaleError, tokenId: string): AutoscaleError {
  if (failure.code !== 'REST_NOT_ALLOWED') return failure
  const { missing_privilege: missing } = failure.details
  const what = typeof missing === 'string' ? `the token ${tokenId} lacks what is needed (${missing})` : failure.message
  const mend = '"lxc-autoscale setup-token" gives it what a feature needs, "lxc-autoscale doctor" says what it has'
  return new AutoscaleError(failure.code, `${what}; ${mend}`, { details: failure.details, leaves: failure.leaves })
}

/** It was sent, and nobody heard what came of it: never done, never refused, until the host is looked at. */
export function lostAnswer(call: RestCall, why: string): AutoscaleError {
  const command = callText(call)
  return new AutoscaleError('OUTCOME_UNKNOWN', `${command}: Proxmox was asked, and its answer was lost (${why})`, {
    details: { command },
  })
}

/** A request as one line for people: without what only programs need. */
export function callText({ method, path, form = {} }: RestCall): string {
  const words = Object.entries(form).flatMap(([name, value]) => (OF_PROGRAMS.has(name) ? [] : [`${name}=${value}`]))
  return [method, path, ...words].join(' ')
}

const OF_PROGRAMS = new Set(['digest', 'description'])
