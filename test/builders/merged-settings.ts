export type Settings = Readonly<Record<string, unknown>>

/** The settings of a daemon with changes in some of them, section by section. */
export function merged(usual: Settings, changes: Settings): Settings {
  const entries = Object.entries(changes).map(([key, value]) => {
    const before = usual[key]
    return [key, isMap(value) && isMap(before) ? merged(before, value) : value]
  })
  return { ...usual, ...Object.fromEntries(entries) }
}

function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
