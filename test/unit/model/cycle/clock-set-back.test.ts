import type { ContainerSample } from '@lxc-autoscale/core'
import { POLICY_NAMES } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'
import { FakeModel, type FakeModelOptions } from '../../../fakes/fake-model.ts'

const SAMPLE_MS = 10_000
const HOURS_BACK_MS = 2 * 3_600_000
const SHORT: Partial<ContainerSample> = {
  cpuUsagePercent: 99,
  cpuCoresUsed: 1.98,
  cpuThrottledPercent: 60,
  memoryEvents: { high: 0, max: 1, oomKill: 1, innerMax: 0, innerOomKill: 0 },
}

function newModel(policy: string, options: FakeModelOptions = {}): FakeModel {
  const model = new FakeModel({ hasRealPolicies: true, config: { scaling: { policy } }, ...options })
  if (options.api === undefined) model.api.add(101)
  return model
}

async function pass(model: FakeModel, samples: number, figures: Partial<ContainerSample>): Promise<void> {
  for (let at = 0; at < samples; at++) {
    model.clock.passMs(SAMPLE_MS)
    model.measure({ 101: figures })
    await model.run()
  }
}

describe.each(POLICY_NAMES)('after the clock of the host was set back, policy %s', policy => {
  test('a container that is killed and throttled grows at once, and the forests go on', async () => {
    const model = newModel(policy)
    await pass(model, 30, {})
    const seen = model.anomalies.counts().samplesSeen
    model.clock.stepWallMs(-HOURS_BACK_MS)
    await pass(model, 100, SHORT)
    expect(model.anomalies.counts().samplesSeen - seen).toBe(100)
    expect(model.api.containers.get(101)?.memory_mb).toBeGreaterThan(1_024)
    expect(model.api.containers.get(101)?.cores).toBeGreaterThan(2)
    expect(
      model.fleet
        .get(101)
        ?.decision?.reasons.map(({ text }) => text)
        .join(),
    ).not.toContain('future')
  })

  test('the same after a restart with what was learned in the time that is now the future', async () => {
    const model = newModel(policy)
    await pass(model, 30, {})
    await model.cycle.save()
    model.clock.stepWallMs(-HOURS_BACK_MS)
    const next = newModel(policy, { clock: model.clock, state: model.state, api: model.api })
    await pass(next, 20, SHORT)
    expect(next.anomalies.counts().samplesSeen).toBe(20)
    expect(next.api.containers.get(101)?.memory_mb).toBeGreaterThan(1_024)
    expect(next.api.containers.get(101)?.cores).toBeGreaterThan(2)
  })
})
