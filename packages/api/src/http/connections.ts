import type { Socket } from 'node:net'
import type { Clock } from '@lxc-autoscale/core'
import { isLoopbackAddress, sourceOf } from './client-address.ts'
import { type OpenConnection, whoGoesNext } from './who-goes-next.ts'

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

/** The open connections, of which there are at most so many. */
export class Connections {
  readonly #max: number
  readonly #clock: Clock
  readonly #open = new Map<Socket, Mutable<OpenConnection> & { readonly socket: Socket }>()
  #isTrimming = false

  constructor(max: number, clock: Clock) {
    this.#max = max
    this.#clock = clock
  }

  add(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    this.#open.set(socket, {
      socket,
      source: sourceOf(address),
      isLocal: isLoopbackAddress(address),
      isTrusted: false,
      isAsking: false,
      isUnread: true,
      quietSinceMs: this.#clock.monotonicMs(),
    })
    socket.once('close', () => this.#open.delete(socket))
    if (this.#open.size > this.#max) this.#trimSoon()
  }

  /** A request came over `socket`, or the last one was answered. */
  note(socket: Socket, isAsking: boolean): void {
    const connection = this.#open.get(socket)
    if (connection === undefined) return
    connection.isAsking = isAsking
    connection.quietSinceMs = this.#clock.monotonicMs()
  }

  /** A right key came over `socket`. */
  trust(socket: Socket): void {
    const connection = this.#open.get(socket)
    if (connection !== undefined) connection.isTrusted = true
  }

  /** Closes those over which nobody waits for an answer. */
  closeIdle(): void {
    for (const { socket, isAsking } of [...this.#open.values()]) if (!isAsking) socket.destroy()
  }

  /** Not at once: many are opened in one turn of the event loop, and what came over them, a key perhaps, is read in the next. */
  #trimSoon(): void {
    if (this.#isTrimming) return
    this.#isTrimming = true
    setImmediate(() => {
      this.#isTrimming = false
      this.#trim()
    })
  }

  #trim(): void {
    const connections = [...this.#open.values()]
    for (const { socket, isUnread } of whoGoesNext(connections, { max: this.#max, nowMs: this.#clock.monotonicMs() })) {
      if (isUnread) continue
      this.#open.delete(socket)
      socket.destroy()
    }
    for (const connection of connections) connection.isUnread = false
    if (this.#open.size > this.#max) this.#trimSoon()
  }
}
