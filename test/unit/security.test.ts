import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')

const threats = text
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| threat '))
  .map(line => line.split('|').slice(1, -1))
  .map(([threat = '', defence = '', tests = '']) => ({
    threat: threat.trim(),
    defence: defence.trim(),
    tests: tests.trim(),
  }))

/** A file, and the words by which tests are found in it. */
function namedTests(cell: string): { file: string; words: string[] }[] {
  return cell.split('; `').map(part => ({
    file: /^`?([^`]+)`/.exec(part)?.[1] ?? part,
    words: [...part.matchAll(/"([^"]+)"/g)].map(([, words = '']) => words),
  }))
}

/** Whether a line of the file that makes a test has these words. */
function hasTest(file: string, words: string): boolean {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  return lines.some(
    line => line.includes(words) && /^\s*(test|\]\)|check |tally\.add)|tally\.add|^the .* \| /.test(line),
  )
}

describe('the threats of SECURITY.md', () => {
  test('are there for each attacker', () => {
    expect(text.match(/^### /gm)?.length).toBeGreaterThanOrEqual(6)
    expect(threats.length).toBeGreaterThanOrEqual(25)
  })

  test.each(threats)('$threat: has something in its way, and a test that is there', ({ defence, tests }) => {
    expect(defence).not.toBe('')
    const named = namedTests(tests)
    for (const { file, words } of named) {
      expect(existsSync(join(root, file)), file).toBe(true)
      expect(words, file).not.toEqual([])
      expect(words.filter(each => !hasTest(file, each))).toEqual([])
    }
  })

  test('would not pass with a test that is not there', () => {
    expect(hasTest('test/contract/api-security.test.ts', 'no such test')).toBe(false)
  })
})
