import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applyMutant } from '../mutation/apply-mutant.mjs'
import { MUTANTS } from '../mutation/mutants.mjs'

const root = join(import.meta.dirname, '..', '..')

test('each deliberate bug can be planted in the code as it stands', () => {
  const misses = MUTANTS.flatMap(mutant => {
    try {
      applyMutant(readFileSync(join(root, mutant.file), 'utf8'), mutant)
      return []
    } catch (error) {
      return [String(error)]
    }
  })
  expect(misses).toEqual([])
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30)
})
