/** The address of a webhook and the topic of ntfy are all that is needed to write there. */
const SECRET_KEY = /(?:^|_)(?:api_keys?|key|hash|password|token|secret)$|^(?:url|topic)$/

/** Whether the value of `key` must stand in no message. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key)
}
