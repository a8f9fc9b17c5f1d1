import { join } from 'node:path'
import { ADAPTIVE_PARAMETERS } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'

interface Alternative {
  readonly name: string
  readonly tries: string
  readonly changes: object
}

const folder = join(import.meta.dirname, '../../../scripts/policy')
const { ALTERNATIVES }: { ALTERNATIVES: Alternative[] } = await import(`${folder}/alternatives.mjs`)
const { changed }: { changed(parameters: object, changes: object): object } = await import(`${folder}/evaluation.mjs`)

test.each(ALTERNATIVES)('$name changes what is in force', ({ changes }) => {
  expect(changed(ADAPTIVE_PARAMETERS, changes)).not.toEqual(ADAPTIVE_PARAMETERS)
})

test('each has a name of its own', () => {
  expect(new Set(ALTERNATIVES.map(({ name }) => name)).size).toBe(ALTERNATIVES.length)
})
