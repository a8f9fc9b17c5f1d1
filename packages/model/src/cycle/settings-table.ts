import type { ModelStatus } from '@lxc-autoscale/core'
import type { ContainerSettings } from '../policy/container-settings.ts'

/** The settings in force of all containers, each combination once. */
export class SettingsTable {
  readonly #places = new Map<string, number>()
  readonly #rows: ModelStatus['settings'] = []

  /** The place of these settings in the table. */
  place({ provenance }: ContainerSettings): number {
    const row = Object.entries(provenance).map(([key, { value, from }]) => ({ key, value, from }))
    const text = JSON.stringify(row)
    const known = this.#places.get(text)
    if (known !== undefined) return known
    this.#places.set(text, this.#rows.length)
    return this.#rows.push(row) - 1
  }

  all(): ModelStatus['settings'] {
    return this.#rows
  }
}
