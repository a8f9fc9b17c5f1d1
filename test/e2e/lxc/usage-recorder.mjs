import { cpuSeconds, cpuSetSize, memoryLimitMb } from './kernel-files.mjs'

const SAMPLE_INTERVAL_MS = 50

/** Writes down, all through the run, what the kernel's files say about each container. */
export class UsageRecorder {
  #records = new Map()
  #timer

  constructor(vmids) {
    for (const vmid of vmids) this.#records.set(vmid, [])
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS)
  }

  stop() {
    clearInterval(this.#timer)
  }

  /** Whether there is a record of each container at or after that moment (milliseconds since 1970). */
  reaches(timeMs) {
    return [...this.#records.values()].every(records => records.at(-1)?.timeMs >= timeMs)
  }

  /**
   * Cores that the container used on average between two moments (milliseconds since 1970), interpolated between the records
   * around them; undefined when the records do not reach around both.
   */
  coresUsed(vmid, fromMs, toMs) {
    const from = this.#cpuSecondsAt(vmid, fromMs)
    const to = this.#cpuSecondsAt(vmid, toMs)
    return from === undefined || to === undefined ? undefined : (to - from) / ((toMs - fromMs) / 1_000)
  }

  /** Whether the CPU set or the memory limit of the container was ever another one since `sinceMs`. */
  haveLimitsChanged(vmid, sinceMs) {
    const [first, ...rest] = this.#records.get(vmid).filter(({ timeMs }) => timeMs >= sinceMs)
    return rest.some(record => record.cpuSetSize !== first.cpuSetSize || record.memoryLimitMb !== first.memoryLimitMb)
  }

  #sample() {
    for (const [vmid, records] of this.#records) {
      const record = {
        timeMs: Date.now(),
        cpuSeconds: cpuSeconds(vmid),
        cpuSetSize: cpuSetSize(vmid),
        memoryLimitMb: memoryLimitMb(vmid),
      }
      if (record.cpuSeconds !== undefined) records.push(record)
    }
  }

  #cpuSecondsAt(vmid, timeMs) {
    const records = this.#records.get(vmid)
    const next = records.findIndex(record => record.timeMs >= timeMs)
    if (next < 1) return undefined
    const [before, after] = [records[next - 1], records[next]]
    const share = (timeMs - before.timeMs) / (after.timeMs - before.timeMs)
    return before.cpuSeconds + share * (after.cpuSeconds - before.cpuSeconds)
  }
}
