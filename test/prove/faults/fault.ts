import type { Parameters, World } from '../schedule.ts'
import type { Seeded } from '../seeded.ts'
import type { Abilities, Site } from '../site.ts'

/** Takes a fault back; what it cannot take back (a file that was deleted) stays as it is. */
export type EndFault = () => void | Promise<void>

/** One kind of thing that goes wrong. */
export interface Fault {
  readonly name: string
  /** What it is, in words. */
  readonly about: string
  /** Pure: how long, and on what. */
  plan(random: Seeded, world: World): { readonly forMs: number; readonly on: Parameters }
  /** What it takes hold of: two faults with one in common are not planned for the same time. */
  resources(on: Parameters): readonly string[]
  /** Why it cannot be done on this machine; undefined when it can. */
  unavailable?(abilities: Abilities): string | undefined
  begin(site: Site, on: Parameters): Promise<EndFault>
}

export const nothingToEnd: EndFault = () => undefined
