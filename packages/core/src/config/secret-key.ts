const SECRET_KEY = /(?:^|_)(?:api_keys?|key|hash|password|token|secret)$/

/** Whether the value of `key` must stand in no message. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key)
}
