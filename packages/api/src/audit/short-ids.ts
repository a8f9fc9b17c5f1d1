import { SHORT_ID_CHARACTERS } from '@lxc-autoscale/core'

/** How much of some numbers of changes is enough to tell each from every other that is met. */
export class ShortIds {
  /** How many characters each number has in common with another one at most. */
  readonly #common: Map<string, number>
  /** By their first characters. */
  readonly #groups = new Map<string, string[]>()

  constructor(ids: readonly string[]) {
    this.#common = new Map(ids.map(id => [id, SHORT_ID_CHARACTERS - 1]))
    for (const id of this.#common.keys()) this.#group(id).push(id)
  }

  meet(other: string): void {
    for (const id of this.#groups.get(other.slice(0, SHORT_ID_CHARACTERS)) ?? []) {
      if (id !== other) this.#common.set(id, Math.max(this.#common.get(id) ?? 0, commonCharacters(id, other)))
    }
  }

  all(): Record<string, string> {
    return Object.fromEntries([...this.#common].map(([id, common]) => [id, id.slice(0, common + 1)]))
  }

  #group(id: string): string[] {
    const start = id.slice(0, SHORT_ID_CHARACTERS)
    const group = this.#groups.get(start) ?? []
    this.#groups.set(start, group)
    return group
  }
}

function commonCharacters(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
