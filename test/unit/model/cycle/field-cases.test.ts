import type { ContainerSample } from '@lxc-autoscale/core'
import { POLICY_NAMES } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'
import { FakeModel } from '../../../fakes/fake-model.ts'

const SAMPLE_MS = 10_000
const MINUTE_SAMPLES = 6
/** 2^64 - 4096 of memory.stat (shmem) plus what is really used, MB. */
const UNDERFLOW_MB = 17_592_186_044_420
const NO_EVENTS = { high: 0, max: 0, oomKill: 0, innerMax: 0, innerOomKill: 0 }

/** A host of 8 cores and 32 GB with one container, watched every 10 s and sized every minute. */
class Loop {
  readonly model: FakeModel
  #usual: Partial<ContainerSample>

  constructor(policy: string, usual: Partial<ContainerSample>, container: { cores?: number; memory_mb?: number } = {}) {
    this.model = new FakeModel({ hasRealPolicies: true, config: { scaling: { policy, mode: 'grow_only' } } })
    this.model.api.add(101, container)
    this.#usual = usual
  }

  get container() {
    return this.model.api.containers.get(101)
  }

  get reasons(): string {
    return this.model.status?.containers[0]?.decision?.reasons.map(({ text }) => text).join('; ') ?? ''
  }

  /** One sample; the container stands against what it has. */
  measure(figures: Partial<ContainerSample> = {}, sampleMs = SAMPLE_MS): void {
    const { cores, memory_mb } = this.container ?? {}
    this.model.clock.passMs(sampleMs)
    const limits = { cpuCores: cores ?? undefined, memoryLimitMb: memory_mb ?? undefined }
    this.model.measure({ 101: { ...limits, ...this.#usual, ...figures } })
  }

  async minutes(count: number, figures: (sample: number) => Partial<ContainerSample> = () => ({})): Promise<void> {
    for (let minute = 0; minute < count; minute++) {
      for (let sample = 0; sample < MINUTE_SAMPLES; sample++) this.measure(figures(minute * MINUTE_SAMPLES + sample))
      await this.model.run()
    }
  }

  /** The rest of the day and the same time of the next one, with a sample a minute. */
  async nextDay(): Promise<void> {
    for (let minute = 0; minute < 25 * 60; minute++) {
      this.measure({}, MINUTE_SAMPLES * SAMPLE_MS)
      await this.model.run()
    }
  }

  text(): Promise<string> {
    return this.model.telemetry.registry.metrics()
  }
}

const SMALL: Partial<ContainerSample> = { memoryUsageMb: 4, cpuCoresUsed: 0.05, cpuUsagePercent: 2.5 }

describe.each(POLICY_NAMES)('policy %s', policy => {
  test('A8: figures that underflowed for some seconds change nothing, at once or on the next day', async () => {
    const loop = new Loop(policy, SMALL)
    await loop.minutes(60)
    loop.measure({ memoryUsageMb: UNDERFLOW_MB, memoryFloorMb: UNDERFLOW_MB })
    await loop.nextDay()
    expect(loop.model.api.changes).toEqual([])
    expect(await loop.text()).toContain('lxc_autoscale_model_implausible_samples_total 1')
    const examples = loop.model.recording.lines.filter(({ message }) => message.includes('cannot be true'))
    expect(examples.map(({ fields }) => fields)).toEqual([{ vmid: 101, problem: `${UNDERFLOW_MB} MB in use` }])
  })

  test('A11: one sample far above the limit changes nothing, at once or on the next day', async () => {
    const loop = new Loop(policy, { ...SMALL, memoryUsageMb: 200 }, { memory_mb: 345 })
    await loop.minutes(60)
    loop.measure({ memoryUsageMb: 2_600 })
    await loop.nextDay()
    expect(loop.container?.memory_mb).toBe(345)
  })

  test('figures that stay impossible are named as the reason why nothing is done', async () => {
    const loop = new Loop(policy, SMALL)
    await loop.minutes(10)
    await loop.minutes(10, () => ({ memoryUsageMb: UNDERFLOW_MB }))
    expect(loop.model.api.changes).toEqual([])
    expect(loop.reasons).toContain(`what was measured since cannot be true: ${UNDERFLOW_MB} MB in use`)
  })

  test('B1: kills every 15 s inside a limit of its own do not grow it, and are named and counted', async () => {
    const loop = new Loop(policy, SMALL)
    await loop.minutes(30)
    const inner = { ...NO_EVENTS, innerMax: 9, innerOomKill: 1 }
    await loop.minutes(60, sample => (sample % 3 === 0 ? { memoryEvents: inner } : {}))
    expect(loop.model.api.changes).toEqual([])
    expect(loop.reasons).toContain('killed inside a limit of its own')
    expect(await loop.text()).toContain('lxc_autoscale_model_kills_total{limit="nested"} 120')
    expect(await loop.text()).toContain('lxc_autoscale_model_kills_total{limit="own"} 0')
    expect(JSON.stringify(loop.model.fleet.get(101)?.sizer.serialise())).not.toContain('quarantineUntilMs')
  })

  test('B2, B4: a kill inside every five minutes, 300 of 2048 MB used, leaves it as it is', async () => {
    const loop = new Loop(policy, { ...SMALL, memoryUsageMb: 700 }, { memory_mb: 2_048 })
    const inner = { ...NO_EVENTS, innerMax: 9, innerOomKill: 1 }
    await loop.minutes(120, sample => (sample % 30 === 0 ? { memoryEvents: inner } : {}))
    expect(loop.container?.memory_mb).toBe(2_048)
  })

  test('real kills at its own limit still grow it', async () => {
    const loop = new Loop(policy, { ...SMALL, memoryUsageMb: 1_020 })
    await loop.minutes(5, sample => (sample % 6 === 5 ? { memoryEvents: { ...NO_EVENTS, max: 3, oomKill: 1 } } : {}))
    expect(loop.container?.memory_mb).toBeGreaterThan(1_024)
    expect(await loop.text()).toMatch(/lxc_autoscale_model_kills_total\{limit="own"\} [1-9]/)
  })

  test('C2: a CPU set that a raw line pins is not sized, however busy, and the line is named', async () => {
    const busy = {
      ...SMALL,
      cpuCores: 2,
      cpuCoresUsed: 2,
      cpuUsagePercent: 100,
      pressure: { cpuSomePercent: 50, memorySomePercent: 0, memoryFullPercent: 0, ioSomePercent: 0, ioFullPercent: 0 },
    }
    const loop = new Loop(policy, busy, { cores: 8 })
    Object.assign(loop.container ?? {}, { raw_limits: { cores: 'lxc.cgroup2.cpuset.cpus: 0-1', memory: null } })
    await loop.minutes(60)
    expect(loop.model.api.changes).toEqual([])
    expect(loop.reasons).toContain('cores: settled by the raw line "lxc.cgroup2.cpuset.cpus: 0-1"')
  })
})
