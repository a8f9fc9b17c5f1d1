// Keeps COUNT connections of one KIND open to PORT, each opened again when it is closed: node hostile-clients.mjs KIND COUNT PORT
import { connect } from 'node:net'

const FIRST_A_SECOND = 1_000
const AGAIN_A_SECOND = 50
const [kind, count, port] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]

const BODY =
  'POST /scale/cores HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'

/** What a kind sends, and what byte by byte after that. */
const KINDS = {
  silent: {},
  'asked once': { first: 'GET /routes HTTP/1.1\r\nHost: localhost\r\n\r\n' },
  'endless body': { first: BODY },
  'endless body, reads nothing': { first: BODY.replace('1000', '100000000'), drip: ' ', isDeaf: true },
  'a byte a second': { first: 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', drip: 'x' },
  'asks and reads nothing': { first: 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3), isDeaf: true },
  'no HTTP': { first: 'hello\r\n\r\n' },
  'many addresses': { first: 'GET /routes HTTP/1.1\r\nHost: localhost\r\n\r\n', isSpread: true },
}
const { first, drip, isDeaf, isSpread } = KINDS[kind]

let opened = 0
let closed = 0
let wanted = count
const open = new Set()

function openOne() {
  wanted--
  const localAddress = isSpread ? `127.${1 + (opened % 200)}.${1 + (Math.floor(opened / 200) % 250)}.1` : '127.0.0.1'
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('connect', () => {
    opened++
    open.add(socket)
    if (first !== undefined) socket.write(first)
    if (!isDeaf) socket.resume()
  })
  socket.on('end', () => socket.destroy())
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed++
    wanted++
    open.delete(socket)
  })
}

let begun = 0
setInterval(() => {
  const most = (begun < count ? FIRST_A_SECOND : AGAIN_A_SECOND) / 10
  for (let at = 0; at < most && wanted > 0; at++, begun++) openOne()
}, 100)
if (drip !== undefined) {
  setInterval(() => {
    for (const socket of open) if (socket.writable) socket.write(drip)
  }, 1_000)
}
setInterval(() => process.stdout.write(`${JSON.stringify({ opened, closed, open: open.size })}\n`), 200)
