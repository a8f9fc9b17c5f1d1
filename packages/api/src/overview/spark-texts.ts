import type { MetricsCycle } from '@lxc-autoscale/core'
import type { SeriesStore } from '../series/series-store.ts'

/** Sparklines as they are sent: a thousand of them take longer to write than all the rest, and are the same for five minutes. */
export class SparkTexts {
  readonly #series: Pick<SeriesStore, 'sparks'>
  #endMs = Number.NaN
  readonly #texts = new Map<number, string>()

  constructor(series: Pick<SeriesStore, 'sparks'>) {
    this.#series = series
  }

  /**
   * The members of a JSON object by number, up to the step that ends at `endMs`. Kept when what is measured has come to
   * `cycle`, which is behind that end: before, as after a start, more may come.
   */
  textOf(vmids: readonly number[], endMs: number, cycle: MetricsCycle | undefined): string {
    if (this.#endMs !== endMs) this.#texts.clear()
    this.#endMs = endMs
    const missing = vmids.filter(vmid => !this.#texts.has(vmid))
    const made = Object.entries(this.#series.sparks(missing, endMs)).map(
      ([vmid, spark]) => [Number(vmid), `"${vmid}":${JSON.stringify(spark)}`] as const,
    )
    const texts = new Map(made)
    if ((cycle?.summary?.collectionEndMs ?? 0) >= endMs) for (const [vmid, text] of texts) this.#texts.set(vmid, text)
    return vmids.map(vmid => texts.get(vmid) ?? this.#texts.get(vmid)).join()
  }
}
