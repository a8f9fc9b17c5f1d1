import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scanElements } from '../../../../packages/core/src/metrics/element-scanner.ts'

function scan(text: string) {
  const found: unknown[] = []
  const bytes = Buffer.from(text)
  const outcome = scanElements(bytes, (start, end) => {
    try {
      found.push(JSON.parse(bytes.toString('utf8', start, end)))
      return true
    } catch {
      return false
    }
  })
  return { ...outcome, found }
}

const A = { '101': { name: 'a {"} \\' }, summary: {} }
const B = { '101': { cpu: 1 }, '102': { io: { reads: 3 } } }

describe('scanElements', () => {
  test.each([
    ['one per line', `[\n${JSON.stringify(A)},\n${JSON.stringify(B)}\n]\n`],
    ['all on one line', JSON.stringify([A, B])],
    ['each over many lines', JSON.stringify([A, B], undefined, 4)],
    ['after a byte order mark, with other line ends', `\ufeff[\r\n${JSON.stringify(A)},\r\n${JSON.stringify(B)}\r\n]`],
  ])('finds the elements of a file that has them %s', (_, text) => {
    expect(scan(text)).toMatchObject({ found: [A, B], badLines: 0 })
  })

  test('leaves an element that is not whole for later', () => {
    const text = `[\n${JSON.stringify(A)},\n${JSON.stringify(B).slice(0, 20)}`
    expect(scan(text)).toMatchObject({ found: [A], badLines: 0, settled: 2 + JSON.stringify(A).length })
  })

  test.each([
    ['a torn line', JSON.stringify(B).slice(0, 12)],
    ['a line torn within a text', '{"101":{"name":"ab'],
    ['a line that is no element', 'hello'],
    ['a line that only looks like one', '{"101":nonsense}'],
  ])('counts %s and goes on after it', (_, line) => {
    expect(scan(`[\n${JSON.stringify(A)},\n${line}\n${JSON.stringify(B)},\n`)).toMatchObject({
      found: [A, B],
      badLines: 1,
    })
  })

  test('never hands over a torn element, even where one would take it', () => {
    const handed: string[] = []
    const whole = JSON.stringify(B)
    const bytes = Buffer.from(`[\n{"101":{"cpu":\n${whole},\n{"102":"ab\n${whole}\n]\n`)
    const outcome = scanElements(bytes, (start, end) => {
      handed.push(bytes.toString('utf8', start, end))
      return true
    })
    expect(handed).toEqual([whole, whole])
    expect(outcome.badLines).toBe(2)
  })

  test('finds the same elements wherever the text is cut in two', () => {
    const layouts = [`[\n${JSON.stringify(A)},\n${JSON.stringify(B)}\n]\n`, JSON.stringify([A, B], undefined, 2)]
    fc.assert(
      fc.property(fc.constantFrom(...layouts), fc.nat(), (text, place) => {
        const cut = place % text.length
        const first = scan(text.slice(0, cut))
        const second = scan(text.slice(first.settled))
        expect([...first.found, ...second.found]).toEqual([A, B])
        expect(first.badLines + second.badLines).toBe(0)
      }),
    )
  })
})
