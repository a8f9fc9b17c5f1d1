import { describe, expect, test } from 'vitest'
import { type OpenConnection, whoGoesNext } from '../../../../packages/api/src/http/who-goes-next.ts'

const NOW_MS = 100_000

type Named = OpenConnection & { readonly name: string }

function connection(name: string, quietMs: number, fields: Partial<OpenConnection> = {}): Named {
  return {
    name,
    source: name,
    isLocal: false,
    isTrusted: false,
    isAsking: false,
    isUnread: false,
    quietSinceMs: NOW_MS - quietMs,
    ...fields,
  }
}

/** The names of all in the order in which they would go. */
function order(connections: readonly Named[], max = 0): string[] {
  return whoGoesNext(connections, { max, nowMs: NOW_MS }).map(({ name }) => name)
}

describe('who goes next', () => {
  const ALL = [
    connection('a long trusted request', 60_000, { isTrusted: true, isAsking: true }),
    connection('kept with a key', 9_000, { isTrusted: true }),
    connection('just accepted', 0, { isUnread: true }),
    connection('local and quiet', 8_000, { isLocal: true }),
    connection('asking just now', 10, { isAsking: true }),
    connection('quiet for a moment', 20),
    connection('asking for long', 5_000, { isAsking: true }),
    connection('quiet for long', 5_000),
    connection('quiet for longer', 6_000),
  ]

  test('is nobody while there is room', () => {
    expect(order(ALL, ALL.length)).toEqual([])
  })

  test('are those without a key, longest quiet first, and of these those who wait for nothing', () => {
    // Room for all, so that no source holds more than its share.
    const many = Array.from({ length: 40 }, (_, at) =>
      connection(`trusted ${at}`, 0, { isTrusted: true, isAsking: true }),
    )
    expect(order([...many, ...ALL], many.length)).toEqual([
      'quiet for longer',
      'quiet for long',
      'asking for long',
      'quiet for a moment',
      'asking just now',
      'local and quiet',
      'just accepted',
      'kept with a key',
      expect.stringContaining('trusted'),
    ])
  })

  test('are no more than must', () => {
    expect(order(ALL, ALL.length - 2)).toHaveLength(2)
  })

  test('is never the newest while somebody else without a key is there', () => {
    const stuck = Array.from({ length: 8 }, (_, at) => connection(`stuck ${at}`, 2_000 + at, { isAsking: true }))
    expect(order([...stuck, connection('new', 0)], 8)).toEqual(['stuck 7'])
  })

  test('is of the source that holds more than a quarter, this machine with all its addresses as one', () => {
    const greedy = Array.from({ length: 6 }, (_, at) => connection(`greedy ${at}`, at, { source: 'x', isLocal: true }))
    const others = Array.from({ length: 6 }, (_, at) => connection(`other ${at}`, 50_000))
    expect(order([...greedy, ...others], 11)).toEqual(['greedy 5'])
    expect(order([...greedy, ...others], 8)).toEqual(['greedy 5', 'greedy 4', 'greedy 3', 'greedy 2'])
  })

  test('is not who has a key, however many others there are of its address', () => {
    const others = Array.from({ length: 6 }, (_, at) => connection(`other ${at}`, at, { source: 'x' }))
    expect(order([connection('admin', 30_000, { source: 'x', isTrusted: true }), ...others], 1)).not.toContain('admin')
  })
})
