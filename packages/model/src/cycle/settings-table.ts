import type { ModelStatus } from '@lxc-autoscale/core'
import type { ContainerSettings } from '../policy/container-settings.ts'

type Provenance = ContainerSettings['provenance']
type Row = ModelStatus['settings'][number]

/** Far more combinations than there are tiers and tags; beyond it all are looked at anew. */
const MOST_KNOWN = 1_000

/** The settings in force of all containers, each combination once. They rarely change, so what was found for some is kept. */
export class SettingsTable {
  #rowOf = new WeakMap<Provenance, Row>()
  readonly #byText = new Map<string, Row>()
  readonly #places = new Map<Row, number>()

  /** Begins the table of another cycle. */
  clear(): void {
    this.#places.clear()
    if (this.#byText.size <= MOST_KNOWN) return
    this.#byText.clear()
    this.#rowOf = new WeakMap()
  }

  /** The place of these settings in the table. */
  place({ provenance }: ContainerSettings): number {
    const row = this.#rowOf.get(provenance) ?? this.#find(provenance)
    const known = this.#places.get(row)
    if (known !== undefined) return known
    this.#places.set(row, this.#places.size)
    return this.#places.size - 1
  }

  all(): ModelStatus['settings'] {
    return [...this.#places.keys()]
  }

  #find(provenance: Provenance): Row {
    const row = Object.entries(provenance).map(([key, { value, from }]) => ({ key, value, from }))
    const text = JSON.stringify(row)
    const found = this.#byText.get(text) ?? row
    this.#byText.set(text, found)
    this.#rowOf.set(provenance, found)
    return found
  }
}
