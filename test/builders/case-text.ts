import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The text of a file of test/fixtures/cases. */
export function caseText(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', 'fixtures', 'cases', name), 'utf8')
}
