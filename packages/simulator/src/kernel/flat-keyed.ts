/** Lines `key value` -> their numbers. Lines of another form are left out. */
export function parseFlatKeyed(text: string): ReadonlyMap<string, number> {
  const entries = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [key, value] = line.split(' ')
    if (key !== undefined && value !== undefined && /^\d+$/.test(value)) entries.set(key, Number(value))
  }
  return entries
}

/** The same the other way round; numbers are cut to whole ones. */
export function formatFlatKeyed(entries: Iterable<readonly [string, number]>): string {
  let text = ''
  for (const [key, value] of entries) text += `${key} ${Math.trunc(value)}\n`
  return text
}
