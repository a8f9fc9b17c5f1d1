import { createServer } from 'node:net'

const USUAL_PORT = 5_000

/**
 * The port for the API: the one that was asked for, else the usual one, else any that is free.
 * @throws {Error} when the one that was asked for is taken
 */
export async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return (await probe(USUAL_PORT)) ?? (await freePort())
  const port = await probe(wanted)
  if (port === undefined) {
    throw new Error(`port ${wanted} is taken by another program; choose another one with --port, or leave it out`)
  }
  return port
}

/** A port that nobody uses. */
export async function freePort(): Promise<number> {
  const port = await probe(0)
  if (port === undefined) throw new Error('no free port on 127.0.0.1')
  return port
}

/** Binds the port for a moment; undefined when that is not possible. */
function probe(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => resolve(bound))
    })
  })
}
