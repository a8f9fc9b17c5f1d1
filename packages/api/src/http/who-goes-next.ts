/** How long a connection that is doing something, or is about to, is not counted among the quiet ones. */
const RECENT_MS = 1_000
/** Of all connections, the part that one source may hold without a key before its own go first. */
const SHARE_PER_SOURCE = 0.25

/** What is known of an open connection. */
export interface OpenConnection {
  /** Whose it is: an address or a network; `local` for this machine. */
  readonly source: string
  readonly isLocal: boolean
  /** Whether a request with a right key came over it. */
  readonly isTrusted: boolean
  /** Whether a request came over it that is not answered yet. */
  readonly isAsking: boolean
  /** Whether nobody had time yet to look at what came over it. */
  readonly isUnread: boolean
  /** When it was opened, a request came or was answered, whichever was last. */
  readonly quietSinceMs: number
}

/**
 * The connections that are to be closed so that `max` stay, in this order: without a key (of a source that holds more than
 * its share, then of others, then of this machine, then those that just came), then with a key and idle, then with a key and
 * asking. Of equal ones those go first that have been quiet for a while; of these the idle ones, and the one quiet longest.
 */
export function whoGoesNext<Connection extends OpenConnection>(
  connections: readonly Connection[],
  { max, nowMs }: { readonly max: number; readonly nowMs: number },
): Connection[] {
  if (connections.length <= max) return []
  const inOrder = connections
    .map(connection => ({ connection, quiet: quietRank(connection, nowMs) }))
    .sort((a, b) => a.quiet - b.quiet || a.connection.quietSinceMs - b.connection.quietSinceMs)
    .map(({ connection }) => connection)
  const isBeyondShare = beyondShare(inOrder, Math.floor(max * SHARE_PER_SOURCE))
  const ranks = new Map(inOrder.map(connection => [connection, rank(connection, isBeyondShare)]))
  const rankOf = (connection: Connection) => ranks.get(connection) ?? 0
  // Sorting keeps the order of equal ones.
  return inOrder.sort((a, b) => rankOf(a) - rankOf(b)).slice(0, connections.length - max)
}

function quietRank({ isAsking, quietSinceMs }: OpenConnection, nowMs: number): number {
  return (nowMs - quietSinceMs < RECENT_MS ? 2 : 0) + (isAsking ? 1 : 0)
}

/** Tells those that would go first of each source that has more without a key than `share`. */
function beyondShare(inOrder: readonly OpenConnection[], share: number): (connection: OpenConnection) => boolean {
  const counts = new Map<string, number>()
  const beyond = new Set<OpenConnection>()
  for (const connection of [...inOrder].reverse()) {
    if (connection.isTrusted) continue
    const count = (counts.get(connection.source) ?? 0) + 1
    counts.set(connection.source, count)
    if (count > share) beyond.add(connection)
  }
  return connection => beyond.has(connection)
}

function rank(connection: OpenConnection, isBeyondShare: (connection: OpenConnection) => boolean): number {
  const { isTrusted, isAsking, isUnread, isLocal } = connection
  if (isTrusted) return isAsking ? 5 : 4
  if (isUnread) return 3
  if (isBeyondShare(connection)) return 0
  return isLocal ? 2 : 1
}
