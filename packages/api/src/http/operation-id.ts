/** Last words of paths that say what is done; other paths begin with that, or only tell something. */
const VERBS = new Set(['create', 'delete', 'rollback', 'list', 'undo', 'end', 'check', 'test'])

/** A name for a route that can be one of a function: `createSnapshot` for POST /snapshot/create, `getHistory` for GET /history. */
export function operationId(method: string, url: string): string {
  const words = url.split('/').filter(part => part !== '' && !part.startsWith(':'))
  const last = words.at(-1) ?? ''
  if (VERBS.has(last)) return camel([last, ...words.slice(0, -1)])
  return camel(method === 'POST' ? words : [method.toLowerCase(), ...words])
}

function camel(words: readonly string[]): string {
  const parts = words.flatMap(word => word.split(/\W+/))
  return parts.map((part, at) => (at === 0 ? part : `${part.slice(0, 1).toUpperCase()}${part.slice(1)}`)).join('')
}
