import { type MetricsCycle, parseCycle } from '@lxc-autoscale/core'

/** Keeps the cycles of the monitor in memory. */
export class MemoryStore {
  readonly lines: string[] = []
  isBroken = false

  /** The cycles as a reader of the metrics file gets them. */
  get cycles(): MetricsCycle[] {
    return this.lines.flatMap(line => parseCycle(line) ?? [])
  }

  get last(): MetricsCycle | undefined {
    return parseCycle(this.lines.at(-1) ?? '')
  }

  async append(line: Uint8Array): Promise<{ isStored: boolean; bytes: number }> {
    if (!this.isBroken) this.lines.push(Buffer.from(line).toString('utf8'))
    return { isStored: !this.isBroken, bytes: this.isBroken ? 0 : line.length }
  }

  async close(): Promise<void> {}
}
