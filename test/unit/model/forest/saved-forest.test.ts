import { fitForest, loadForest, saveForest } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gaussianRows } from '../../../builders/matrix.ts'

const rows = gaussianRows(300, 3)
const forest = fitForest(rows, { nEstimators: 5, contamination: 0.1 })

function damaged(change: (saved: Record<string, unknown>) => void): unknown {
  const saved: Record<string, unknown> = { ...saveForest(forest) }
  change(saved)
  return saved
}

function withNode(name: 'feature' | 'left' | 'value', place: number, value: number): unknown {
  const copy = { feature: Uint16Array, left: Int32Array, value: Float64Array }[name].from(forest.parts.nodes[name])
  copy[place] = value
  return damaged(saved => {
    saved[name] = Buffer.from(copy.buffer).toString('base64')
  })
}

describe('a saved forest', () => {
  test('scores as before when it is loaded from its text', () => {
    const loaded = loadForest(JSON.parse(JSON.stringify(saveForest(forest))))
    expect(loaded.decisionFunction(rows)).toEqual(forest.decisionFunction(rows))
    expect(loaded.explain(rows.values.slice(0, 3))).toEqual(forest.explain(rows.values.slice(0, 3)))
  })

  test.each([
    ['nothing', undefined, 'expected object'],
    ['another version', damaged(saved => Object.assign(saved, { version: 2 })), 'version'],
    ['a missing part', damaged(saved => Reflect.deleteProperty(saved, 'left')), 'left'],
    ['text that is not base64', damaged(saved => Object.assign(saved, { value: 'ä' })), 'damaged'],
    ['an array cut off', damaged(saved => Object.assign(saved, { left: '' })), 'nodes'],
    ['a column that is not there', withNode('feature', 0, 9), 'column 9 of 3'],
    ['a way back', withNode('left', 0, 0), 'leads to 0'],
    ['a way out', withNode('left', 0, 1_000_000), 'leads to 1000000'],
    ['a value that is no number', withNode('value', 0, Number.NaN), 'value NaN'],
    ['a depth too small', damaged(saved => Object.assign(saved, { depth: 1 })), 'deeper than 1'],
  ])('is refused with the reason when it has %s', (_, saved, reason) => {
    expect(() => loadForest(saved)).toThrow(expect.objectContaining({ code: 'STATE_INVALID' }))
    expect(() => loadForest(saved)).toThrow(reason)
  })

  test('is refused or scores within bounds, whatever byte of it is damaged', () => {
    const text = JSON.stringify(saveForest(forest))
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), fc.constantFrom('A', 'z', '0', '/', '"'), (place, letter) => {
        let loaded: ReturnType<typeof loadForest>
        try {
          loaded = loadForest(JSON.parse(text.slice(0, place) + letter + text.slice(place + 1)))
        } catch (error) {
          if (!(error instanceof SyntaxError)) expect(error).toMatchObject({ code: 'STATE_INVALID' })
          return
        }
        for (const score of loaded.scoreSamples(rows)) expect(Number.isFinite(score)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
