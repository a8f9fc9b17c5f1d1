import { type ContainerSample, type CycleSummary, JsonText, putSample, putSummary } from '@lxc-autoscale/core'

/**
 * The one-line JSON of a cycle, put together member by member. Two buffers take turns, so that the line of the last cycle can
 * be shown while the next one is made.
 */
export class CycleText {
  #text = new JsonText()
  #other = new JsonText()

  /** Empties it for the next cycle. */
  begin(): void {
    ;[this.#text, this.#other] = [this.#other, this.#text]
    this.#text.clear()
    this.#text.putText('{')
  }

  add(vmid: number, sample: ContainerSample): void {
    putSample(this.#text, vmid, sample)
    this.#text.putText(',')
  }

  /** Ends it with the summary and gives the bytes of the whole cycle. Valid until `begin` was called twice. */
  end(summary: CycleSummary): Uint8Array {
    putSummary(this.#text, summary)
    this.#text.putText('}')
    return this.#text.bytes
  }
}
