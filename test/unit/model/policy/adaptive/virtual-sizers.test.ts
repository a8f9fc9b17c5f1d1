import { describe, expect, test } from 'vitest'
import {
  type BillingParameters,
  VirtualSizers,
  virtualSizersState,
} from '../../../../../packages/model/src/policy/policies/adaptive/virtual-sizers.ts'

const MINUTE_MS = 60_000
const PARAMETERS: BillingParameters = {
  halfLifeMs: 5 * 86_400_000,
  risks: [0.01, 0.005, 0.0005],
  typicalDays: 0.1,
  price: 40,
  changePrice: 0.01,
  stick: 0.003,
}

/** Bills three sizers of 2, 4 and 8 steps for `minutes` of this demand. */
function billed(demand: (minute: number) => number, minutes: number, parameters = PARAMETERS): VirtualSizers {
  const sizers = new VirtualSizers(parameters)
  sizers.setLevels([2, 4, 8])
  for (let minute = 0; minute < minutes; minute++) {
    const wanted = demand(minute)
    const used = Math.min(wanted, 4)
    sizers.bill({ timeMs: minute * MINUTE_MS, dtMs: MINUTE_MS, used, demand: wanted, allocation: 4 })
  }
  return sizers
}

describe('VirtualSizers', () => {
  test('choose the smallest size that is always enough', () => {
    expect(billed(() => 1.5, 3_000).cheapest(-1)).toBe(0)
  })

  test('choose a larger size where the smaller one is too often too small', () => {
    expect(billed(minute => (minute % 50 === 0 ? 3 : 1.5), 3_000).cheapest(-1)).toBe(1)
  })

  test('accept being short now and then when that is cheap', () => {
    expect(billed(minute => (minute % 50 === 0 ? 3 : 1.5), 3_000, { ...PARAMETERS, price: 1 }).cheapest(-1)).toBe(0)
  })

  test('bill what is unused and how long a size was too small', () => {
    const { unused, short } = billed(minute => (minute % 10 === 0 ? 3 : 1), 1_000).billOf(0)
    expect(short).toBeCloseTo(0.1)
    expect(unused).toBeCloseTo(1 - 1.2 / 2)
  })

  test('go by what is typical of a size until it has shown more', () => {
    const risky = { ...PARAMETERS, risks: [0.05, 0.001, 0.001] }
    expect(billed(() => 1.5, 10, risky).cheapest(-1)).toBe(1)
    expect(billed(() => 1.5, 10_000, risky).cheapest(-1)).toBe(0)
  })

  test('go by their own bills alone where nothing typical counts', () => {
    expect(billed(() => 1.5, 10, { ...PARAMETERS, typicalDays: 0 }).cheapest(-1)).toBe(0)
  })

  test('name the cheapest of those that want another size now', () => {
    const sizers = billed(minute => (minute % 50 === 0 ? 3 : 1.5), 3_000)
    expect([sizers.cheapest(-1), sizers.runnerUp(1)]).toEqual([1, 2])
    sizers.setLevels([2, 4, 4])
    expect(sizers.runnerUp(1)).toBe(0)
    sizers.setLevels([4, 4, 4])
    expect(sizers.runnerUp(1)).toBeUndefined()
  })

  test('forget old bills', () => {
    const quick = { ...PARAMETERS, halfLifeMs: 3_600_000 }
    expect(billed(minute => (minute < 1_000 ? 3 : 1.5), 6_000, quick).cheapest(-1)).toBe(0)
  })

  test('stay with the sizer that is held unless another is cheaper by more than a trifle', () => {
    const sizers = new VirtualSizers({ ...PARAMETERS, risks: [0.01, 0.01, 0.01] })
    sizers.setLevels([4, 4, 8])
    sizers.bill({ timeMs: 0, dtMs: MINUTE_MS, used: 2, demand: 2, allocation: 4 })
    expect([sizers.cheapest(1), sizers.cheapest(0)]).toEqual([1, 0])
  })

  test('do not drift over years', () => {
    const quick = { ...PARAMETERS, halfLifeMs: 3_600_000 }
    const { unused, short } = billed(minute => (minute % 10 === 0 ? 3 : 1), 60_000, quick).billOf(0)
    expect([short, unused].map(value => Number.isFinite(value))).toEqual([true, true])
    expect(short).toBeGreaterThan(0.08)
    expect(short).toBeLessThan(0.12)
  })

  test('choose the same after being saved', () => {
    const sizers = billed(minute => (minute % 50 === 0 ? 3 : 1.5), 3_000)
    const restored = new VirtualSizers(PARAMETERS)
    restored.restore(virtualSizersState(3).parse(JSON.parse(JSON.stringify(sizers.serialise()))))
    expect(restored.cheapest(-1)).toBe(1)
    expect(restored.billOf(0).short).toBeCloseTo(sizers.billOf(0).short, 5)
  })

  test('take nothing that was saved for other sizers', () => {
    const other = new VirtualSizers({ ...PARAMETERS, risks: [0.01] })
    expect(virtualSizersState(3).safeParse(other.serialise()).success).toBe(false)
  })
})
