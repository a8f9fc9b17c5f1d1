import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Mutant {
  readonly name: string
  readonly file: string
}

const root = join(import.meta.dirname, '..', '..')
const { MUTANTS }: { MUTANTS: readonly Mutant[] } = await import(join(root, 'test/mutation/mutants.mjs'))
const { applyMutant }: { applyMutant(text: string, mutant: Mutant): string } = await import(
  join(root, 'test/mutation/apply-mutant.mjs')
)

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
