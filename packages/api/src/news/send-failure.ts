import { errorMessage, systemErrorCode } from '@lxc-autoscale/core'

/** A message that was not sent, and why, in words for people. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure'
}

/** What is wrong with a connection, with the code by which it can be looked up. */
export function failureText(error: unknown): string {
  // Of all addresses of a name that were tried; its own message is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return failureText(error.errors[0])
  const code = systemErrorCode(error)
  const message = errorMessage(error)
  return code === undefined || message.includes(code) ? message : `${message} (${code})`
}
