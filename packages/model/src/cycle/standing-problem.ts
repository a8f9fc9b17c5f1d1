import type { Logger } from '@lxc-autoscale/core'

/** Says once that something is in the way and once that it no longer is, however many cycles it lasts. */
export class StandingProblem {
  readonly #log: Logger
  readonly #words: { readonly begins: string; readonly ends: string }
  #kind: string | undefined

  constructor(log: Logger, words: { readonly begins: string; readonly ends: string }) {
    this.#log = log
    this.#words = words
  }

  /** `kind` tells one problem from another; `fields` may differ from cycle to cycle. Undefined: nothing is in the way. */
  report(kind: string | undefined, fields: Readonly<Record<string, string | undefined>>): void {
    if (kind === this.#kind) return
    if (kind !== undefined) this.#log.warn(fields, this.#words.begins)
    else this.#log.info({ was: this.#kind }, this.#words.ends)
    this.#kind = kind
  }
}
