import type { Socket } from 'node:net'

/** How much more of a request that was answered is taken in, and for how long. */
const MAX_BYTES = 16_777_216
const MAX_MS = 10_000
const LOOK_INTERVAL_MS = 100

/**
 * Ends `socket` and goes on reading for a while: what a client is still sending would meet a closed connection, and the
 * answer that it has not read yet would be lost to it.
 */
export function linger(socket: Socket): void {
  if (socket.writableEnded) return
  socket.end()
  const most = socket.bytesRead + MAX_BYTES
  const isEnough = setInterval(() => {
    if (socket.bytesRead > most) socket.destroy()
  }, LOOK_INTERVAL_MS)
  const isOver = setTimeout(() => socket.destroy(), MAX_MS)
  socket.once('close', () => {
    clearInterval(isEnough)
    clearTimeout(isOver)
  })
}
