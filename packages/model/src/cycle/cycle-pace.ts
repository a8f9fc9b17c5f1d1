import { MS_PER_SECOND } from '@lxc-autoscale/core'

/** After an installation or a boot the first figures are there within seconds. */
const FIRST_TRIES_MS = 10 * MS_PER_SECOND

/** How long from one cycle to the next: shorter until something was decided for the first time, since until then nobody is looked after. */
export class CyclePace {
  #hasDecided = false

  ended(outcome: string): void {
    if (outcome === 'decided') this.#hasDecided = true
  }

  intervalMs(intervalMs: number): number {
    return this.#hasDecided ? intervalMs : Math.min(intervalMs, FIRST_TRIES_MS)
  }
}
