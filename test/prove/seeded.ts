/** Random numbers that are the same each time for the same seed. Source: mulberry32, Tommy Ettinger, public domain. */
export class Seeded {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  isLucky(share: number): boolean {
    return this.next() < share
  }

  /** One of `choices`, which are not none. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new Error('there is nothing to pick from')
    return choice
  }

  /** Another sequence, which does not move when more is drawn from this one. */
  branch(number: number): Seeded {
    return new Seeded(Math.imul(this.#state ^ 0x9e3779b9, 2 * number + 1) + number)
  }
}
