import { connect, createServer, type Server, type Socket } from 'node:net'
import { Seeded } from './seeded.ts'

export const NETWORK_MODES = ['refuse', 'reset', 'slow', 'duplicate', 'garble', 'cut', 'silent'] as const
export type NetworkMode = (typeof NETWORK_MODES)[number]

const SLOW_MS = 1_200

/** The network between those who call the API and the API. */
export class Network {
  readonly #server: Server
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  readonly #random: Seeded
  #mode: NetworkMode | undefined

  private constructor(target: number, seed: number) {
    this.#target = target
    this.#random = new Seeded(seed)
    this.#server = createServer(socket => this.#take(socket))
  }

  /** @param target the port of the API */
  static async start(target: number, seed: number): Promise<Network> {
    const network = new Network(target, seed)
    await new Promise<void>(resolve => network.#server.listen(0, '127.0.0.1', resolve))
    return network
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Takes effect for what is sent from now on; connections that are open are cut, so that it has an effect at once. */
  set(mode: NetworkMode | undefined): void {
    this.#mode = mode
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #take(socket: Socket): void {
    this.#keep(socket)
    const mode = this.#mode
    if (mode === 'refuse') return void socket.resetAndDestroy()
    if (mode === 'silent') return
    const api = this.#keep(connect(this.#target, '127.0.0.1'))
    const sent: Buffer[] = []
    socket.on('data', part => {
      if (mode === 'duplicate') sent.push(part)
      this.#later(mode, () => api.writable && api.write(part))
    })
    api.on('data', part => this.#giveBack(mode, part, socket, sent))
    socket.on('close', () => api.destroy())
    api.on('close', () => socket.destroy())
  }

  #giveBack(mode: NetworkMode | undefined, part: Buffer, socket: Socket, sent: Buffer[]): void {
    if (mode === 'reset') return void socket.resetAndDestroy()
    if (mode === 'cut') {
      socket.end(part.subarray(0, Math.floor(part.length * this.#random.next())))
      return
    }
    if (mode === 'duplicate') this.#sendAgain(sent.splice(0))
    const given = mode === 'garble' ? this.#garbled(part) : part
    this.#later(mode, () => socket.writable && socket.write(given))
  }

  /** The same bytes on a connection of their own; nobody reads the answer. */
  #sendAgain(parts: readonly Buffer[]): void {
    if (parts.length === 0) return
    const again = this.#keep(connect(this.#target, '127.0.0.1'))
    again.on('data', () => undefined)
    again.write(Buffer.concat(parts))
    setTimeout(() => again.destroy(), 5_000).unref()
  }

  #garbled(part: Buffer): Buffer {
    const copy = Buffer.from(part)
    for (let times = 0; times < 8; times++)
      copy[this.#random.integer(0, copy.length - 1)] = this.#random.integer(0, 255)
    return copy
  }

  #later(mode: NetworkMode | undefined, act: () => void): void {
    if (mode !== 'slow') act()
    else setTimeout(act, SLOW_MS)
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    return socket
  }
}
