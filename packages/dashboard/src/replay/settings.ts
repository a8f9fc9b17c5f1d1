/** A setting that can be tried: a key of `scaling` of the configuration of the model. */
export interface Setting {
  readonly key: string
  readonly label: string
  readonly unit?: string
  /** Only a policy of this name looks at it. */
  readonly policy?: string
  readonly options?: readonly string[]
}

/** Those that change most; config/README.md tells of all of them. */
const SETTINGS: readonly Setting[] = [
  { key: 'policy', label: 'Policy', options: ['adaptive', 'threshold'] },
  { key: 'throttling_price', label: 'Price of throttling', policy: 'adaptive' },
  { key: 'memory_safety', label: 'Memory safety', policy: 'adaptive', options: ['thrifty', 'balanced', 'safe'] },
  { key: 'cpu_scale_up_threshold', label: 'Add cores above', unit: '%', policy: 'threshold' },
  { key: 'cpu_scale_down_threshold', label: 'Take cores below', unit: '%', policy: 'threshold' },
  { key: 'ram_scale_up_threshold', label: 'Add memory above', unit: '%', policy: 'threshold' },
  { key: 'ram_scale_down_threshold', label: 'Take memory below', unit: '%', policy: 'threshold' },
  { key: 'min_cpu_cores', label: 'Fewest cores' },
  { key: 'max_cpu_cores', label: 'Most cores' },
  { key: 'min_ram_mb', label: 'Least memory', unit: 'MiB' },
  { key: 'max_ram_mb', label: 'Most memory', unit: 'MiB' },
]

/** What is in force for a container, as the form begins with it; what is not known is left empty. */
export function inForce(
  settings: readonly { readonly key: string; readonly value?: unknown }[],
): ReadonlyMap<string, string> {
  const keys = new Set(SETTINGS.map(({ key }) => key))
  return new Map(
    settings.flatMap(({ key, value }) => (keys.has(key) && value != null ? [[key, String(value)] as const] : [])),
  )
}

/** The settings that a policy looks at. */
export function settingsOf(policy: string): readonly Setting[] {
  return SETTINGS.filter(({ policy: of }) => of === undefined || of === policy)
}

/** What is sent: what is filled in, numbers as numbers. The API says what is wrong with them. */
export function requestSettings(values: ReadonlyMap<string, string>): Record<string, string | number> {
  const filled = settingsOf(values.get('policy') ?? '').flatMap(({ key, options }) => {
    const text = values.get(key)?.trim() ?? ''
    return text === '' ? [] : [[key, options === undefined ? Number(text) : text] as const]
  })
  return Object.fromEntries(filled)
}
