import fc from 'fast-check'
import { expect, test } from 'vitest'
import { balanceCpusets } from '../../../../packages/simulator/src/engine/balance-cpusets.ts'

const four = [0, 1, 2, 3]

test.each([
  ['shrinking keeps the lowest numbers', [1, 2, 3], 2, [1, 2]],
  ['growing adds the lowest that are missing', [2], 3, [0, 1, 2]],
  ['without cores it is all of them', [2], undefined, four],
  ['more than the host has is all of them', [2], 99, four],
])('%s', (_name, cpus, cores, expected) => {
  expect(balanceCpusets([{ vmid: 100, cpus, cores }], four).get(100)).toEqual(expected)
})

test('a CPU with two containers more than another is left for that one', () => {
  const sets = balanceCpusets(
    [100, 101, 102].map(vmid => ({ vmid, cpus: [0], cores: 1 })),
    four,
  )
  expect(new Set([...sets.values()].map(([cpu]) => cpu)).size).toBe(3)
})

test('a container that names its CPUs itself is left alone', () => {
  expect(balanceCpusets([{ vmid: 100, cpus: [3], cores: 2, isPinned: true }], four).get(100)).toEqual([3])
})

test('sizes are right whatever was before', () => {
  const member = fc.record({
    vmid: fc.integer({ min: 100, max: 999 }),
    cpus: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1 }),
    cores: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  })
  const allowed = [0, 1, 2, 3, 4, 5, 6, 7]
  fc.assert(
    fc.property(fc.uniqueArray(member, { selector: ({ vmid }) => vmid, maxLength: 20 }), members => {
      const sets = balanceCpusets(members, allowed)
      for (const { vmid, cores } of members) {
        const cpus = sets.get(vmid) ?? []
        expect(cpus).toHaveLength(Math.min(cores ?? 8, 8))
        expect(new Set(cpus).size).toBe(cpus.length)
      }
    }),
  )
})
