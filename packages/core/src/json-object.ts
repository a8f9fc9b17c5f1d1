type JsonObject = Readonly<Record<string, unknown>>

/** Whether `value` is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `value` as a JSON object; undefined when it is something else. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

/** What a text of JSON holds; undefined when it is none, or damaged, as a line that a power loss has torn. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: that is said by undefined.
    return undefined
  }
}
