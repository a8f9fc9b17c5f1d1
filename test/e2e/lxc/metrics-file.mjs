import { readFileSync } from 'node:fs'
import { until } from './checklist.mjs'

/** What the monitor has written, read as any program of somebody else's would. */
export class MetricsFile {
  constructor(path) {
    this.path = path
  }

  /** All complete cycles, oldest first; none while there is no file. */
  cycles() {
    return this.#text()
      .split('\n')
      .filter(line => line.startsWith('{') && /\},?$/.test(line))
      .map(line => JSON.parse(line.replace(/,$/, '')))
  }

  /** Samples of one container that were taken after `afterMs` (milliseconds since 1970), each with its `timeMs`. */
  samples(vmid, afterMs = 0) {
    return this.cycles()
      .flatMap(cycle => cycle[vmid] ?? [])
      .map(sample => ({ ...sample, timeMs: Date.parse(sample.timestamp) }))
      .filter(({ timeMs }) => timeMs > afterMs)
  }

  /** Waits for `count` samples of a container that were taken after `afterMs`. */
  async nextSamples(vmid, { afterMs, count = 1, timeoutMs = 15_000 + 3_000 * count }) {
    return until(`${count} samples of ${vmid} in ${this.path}`, timeoutMs, () => {
      const samples = this.samples(vmid, afterMs)
      return samples.length >= count ? samples.slice(0, count) : undefined
    })
  }

  /** Waits for a sample of a container for which `condition` holds. */
  async sampleThat(what, vmid, { afterMs, timeoutMs = 20_000 }, condition) {
    return until(what, timeoutMs, () => this.samples(vmid, afterMs).find(condition))
  }

  #text() {
    try {
      return readFileSync(this.path, 'utf8')
    } catch (error) {
      if (error.code === 'ENOENT') return ''
      throw error
    }
  }
}
