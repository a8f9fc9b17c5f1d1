import { PermissionFailure } from '../pct/access.ts'
import { Failure, ParameterFailure } from '../pct/failure.ts'

/** An answer that says what is wrong. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly errors?: Readonly<Record<string, string>>
  /** What the body has: `json` unless the request never came to where answers are made. */
  readonly body?: 'json' | 'text' | 'none'
}

/** What only an answer over HTTP says. */
export class RestFailure extends Failure {
  readonly status: number
  readonly body: Refusal['body']

  constructor(status: number, message: string, body: Refusal['body'] = 'json') {
    super(message)
    this.status = status
    this.body = body
  }
}

/**
 * How a failure is answered: what commands print is what answers say, without the usage. Source: pve-manager, HTTPServer.pm,
 * rest_handler: whatever has no code of its own is 500.
 */
export function refusalOf(failure: Failure): Refusal {
  if (failure instanceof ParameterFailure) {
    return { status: 400, message: 'Parameter verification failed.', errors: failure.problems }
  }
  if (failure instanceof PermissionFailure) return { status: 403, message: failure.message }
  if (!(failure instanceof RestFailure)) return { status: 500, message: failure.message }
  const { status, message, body = 'json' } = failure
  return { status, message, body }
}
