import type { ContainerSample } from '@lxc-autoscale/core'
import { POLICY_NAMES } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'
import { FakeModel } from '../../../fakes/fake-model.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const LOOK_MINUTES = 5
const LOOKS = (8 * 60) / LOOK_MINUTES
const MOST_CHANGES = 4
const SCALING = { learning_hours: 3, truce_hours: 6, quarantine_hours: 5, max_changes_per_hour: MOST_CHANGES }

/** Far too much of everything, so that whatever may shrink does. */
const IDLE: Partial<ContainerSample> = {
  cpuCores: 4,
  cpuCoresUsed: 0.1,
  cpuUsagePercent: 2.5,
  memoryLimitMb: 4_096,
  memoryUsageMb: 300,
}
const SHORT: Partial<ContainerSample> = {
  ...IDLE,
  memoryEvents: { high: 0, max: 1, oomKill: 1, innerMax: 0, innerOomKill: 0 },
}

/** When the clock is set, and by how much; and what happens to the processes at that moment. */
interface Scenario {
  readonly name: string
  readonly offMs: number
  readonly steps: readonly (readonly [atMinute: number, stepMs: number])[]
  readonly ends?: 'kill' | 'reboot'
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'was 30 days behind and is set right', offMs: -30 * DAY_MS, steps: [[10, 30 * DAY_MS]] },
  { name: 'is set forward by an hour, three times', offMs: 0, steps: [[10, HOUR_MS], [20, HOUR_MS], [30, HOUR_MS]] }, // biome-ignore format: one thought
  { name: 'is set forward by a day and back', offMs: 0, steps: [[10, DAY_MS], [30, -DAY_MS]] }, // biome-ignore format: one thought
  { name: 'is set back by two hours', offMs: 0, steps: [[10, -2 * HOUR_MS]] },
  { name: 'is set forward by ten days while the model is down', offMs: 0, steps: [[10, 10 * DAY_MS]], ends: 'kill' },
  { name: 'is set forward by ten days over a reboot', offMs: 0, steps: [[10, 10 * DAY_MS]], ends: 'reboot' },
]

/** Four containers: one is only watched, one was changed by a person, one was killed, one is always short. */
class Host {
  model: FakeModel
  readonly policy: string
  readonly startMs: number
  /** By container, in minutes since the start, when it shrank. */
  readonly shrinks: { vmid: number; minute: number }[] = []

  constructor(policy: string, offMs: number) {
    this.policy = policy
    this.model = this.#newModel()
    this.model.clock.stepWallMs(offMs)
    this.startMs = this.model.clock.monotonicMs()
    for (const vmid of [101, 102, 103, 104]) this.model.api.add(vmid, { cores: 4, memory_mb: 4_096 })
  }

  restart(): void {
    this.model = this.#newModel(this.model)
  }

  async look(at: number): Promise<void> {
    const { model } = this
    model.clock.passMs(LOOK_MINUTES * MINUTE_MS)
    if (at === 5) Object.assign(model.api.containers.get(102) ?? {}, { cpulimit: 3 })
    const sizes = [...model.api.containers.values()].map(({ memory_mb }) => memory_mb ?? 0)
    model.measure({ 101: IDLE, 102: IDLE, 103: at === 5 ? SHORT : IDLE, 104: { ...SHORT, memoryLimitMb: sizes[3] } })
    await model.run()
    ;[...model.api.containers].forEach(([vmid, { memory_mb }], index) => {
      if ((memory_mb ?? 0) < (sizes[index] ?? 0)) this.shrinks.push({ vmid, minute: at })
    })
  }

  #newModel(before?: FakeModel): FakeModel {
    const config = { scaling: { ...SCALING, policy: this.policy } }
    const kept = before && { clock: before.clock, api: before.api, state: before.state }
    return new FakeModel({ hasRealPolicies: true, config, ...kept })
  }
}

async function live(policy: string, { offMs, steps, ends }: Scenario, isStepped: boolean): Promise<Host> {
  const host = new Host(policy, isStepped ? offMs : 0)
  for (let look = 0; look < LOOKS; look++) {
    const at = look * LOOK_MINUTES
    const step = steps.find(([minute]) => minute === at)
    if (step !== undefined) {
      if (ends !== undefined) await host.model.cycle.save()
      if (ends === 'reboot') host.model.clock.reboot()
      if (isStepped) host.model.clock.stepWallMs(step[1])
      if (ends !== undefined) host.restart()
    }
    await host.look(at)
  }
  return host
}

const evenHosts = new Map<string, Host>()

/** The same without a step; the moment of a restart matters little. */
async function withoutStep(policy: string, scenario: Scenario): Promise<Host> {
  const name = `${policy} ${scenario.ends}`
  const known = evenHosts.get(name) ?? (await live(policy, scenario, false))
  evenHosts.set(name, known)
  return known
}

const firstShrink = ({ shrinks }: Host, vmid: number) =>
  shrinks.find(each => each.vmid === vmid)?.minute ?? Number.POSITIVE_INFINITY

describe.each(POLICY_NAMES)('with the policy %s, when the clock of the host', policy => {
  test.each(SCENARIOS)('$name', async scenario => {
    const [stepped, even] = [await live(policy, scenario, true), await withoutStep(policy, scenario)]
    for (const vmid of [101, 102, 103]) {
      expect(firstShrink(stepped, vmid)).toBeGreaterThanOrEqual(firstShrink(even, vmid))
      expect(firstShrink(stepped, vmid)).toBeLessThan(LOOKS * LOOK_MINUTES)
    }
    expect(firstShrink(even, 101)).toBeGreaterThanOrEqual(3 * 60)
    expect(firstShrink(even, 102)).toBeGreaterThanOrEqual(6 * 60)
    expect(firstShrink(even, 103)).toBeGreaterThanOrEqual(5 * 60)
    for (const vmid of [101, 102, 103, 104]) {
      expect(stepped.model.api.mostChangesInAnHour(vmid)).toBeLessThanOrEqual(MOST_CHANGES)
    }
    // Need is not kept waiting: it grows as long as there is budget, within minutes of each step.
    expect(stepped.model.api.mostChangesInAnHour(104)).toBe(MOST_CHANGES)
    expect(stepped.model.api.containers.get(104)?.memory_mb).toBeGreaterThan(4_096 * 1.2 ** 4)
  })
})
