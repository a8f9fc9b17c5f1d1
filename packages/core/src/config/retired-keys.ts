import type { Path } from './schema-tree.ts'

/** Key of the Python predecessor, as a dotted path in which `*` stands for every name -> what became of it. */
export type RetiredKeys = Readonly<Record<string, string>>

export interface RetiredKey {
  readonly path: Path
  readonly advice: string
}

/** What became of the key at `path`, or of the section that it stands in; undefined when it is not retired. */
export function retiredAdvice(path: Path, retiredKeys: RetiredKeys): string | undefined {
  const found = Object.entries(retiredKeys).find(([key]) => {
    const steps = key.split('.')
    return steps.length <= path.length && steps.every((step, at) => step === '*' || step === path[at])
  })
  return found?.[1]
}

/** `value` without its retired keys, and without the sections that had nothing else. */
export function withoutRetired(
  value: unknown,
  retiredKeys: RetiredKeys,
  path: Path = [],
): { readonly rest: unknown; readonly retired: readonly RetiredKey[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { rest: value, retired: [] }
  const entries: [string, unknown][] = []
  const retired: RetiredKey[] = []
  for (const [name, inside] of Object.entries(value)) {
    const advice = retiredAdvice([...path, name], retiredKeys)
    if (advice !== undefined) retired.push({ path: [...path, name], advice })
    else {
      const below = withoutRetired(inside, retiredKeys, [...path, name])
      retired.push(...below.retired)
      if (below.retired.length === 0 || !isEmptySection(below.rest)) entries.push([name, below.rest])
    }
  }
  return { rest: Object.fromEntries(entries), retired }
}

function isEmptySection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
