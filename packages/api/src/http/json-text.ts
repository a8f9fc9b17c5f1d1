import { AutoscaleError } from '@lxc-autoscale/core'

/** Nothing that this API takes is deeper than three. */
const MAX_DEPTH = 16

/** A string, with the colon behind it when it is a name, or a bracket. What stands between is of no interest here. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g

/**
 * Refuses what `JSON.parse` takes and programs read in different ways: a name that stands twice in one object, and nesting
 * that has no use but to be deep. `text` must be valid JSON.
 * @throws {AutoscaleError} INVALID_REQUEST
 */
export function checkJsonText(text: string): void {
  /** The names so far of each object that is open; those of an array stay empty. */
  const open: Set<string>[] = []
  for (const [token, colon] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > MAX_DEPTH) throw invalid(`the body is nested more than ${MAX_DEPTH} levels deep`)
    } else if (token === '}' || token === ']') {
      open.pop()
    } else if (colon !== undefined) {
      const name: string = JSON.parse(token.slice(0, -colon.length))
      const names = open.at(-1)
      if (names?.has(name)) throw invalid(`the body has the field ${JSON.stringify(name.slice(0, 80))} twice`)
      names?.add(name)
    }
  }
}

function invalid(message: string): AutoscaleError {
  return new AutoscaleError('INVALID_REQUEST', message)
}
