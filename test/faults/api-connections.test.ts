import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiDaemon } from '../fakes/api-daemon.ts'

const SILENT = 10_000
const AT_ONCE = 500

let api: ApiDaemon

beforeAll(async () => {
  const containers = [{ vmid: 101, shape: 'idle' as const, cores: 2, memoryMb: 1_024 }]
  api = await ApiDaemon.start({ containers, config: { server: { port: 0, max_connections: 256 } } })
})
afterAll(() => api.stop())

function open(): Promise<Socket> {
  return new Promise(resolve => {
    const socket = connect(api.port, '127.0.0.1')
    socket.on('connect', () => resolve(socket))
    socket.on('error', () => resolve(socket))
  })
}

test('10,000 connections that say nothing shut nobody out', async () => {
  const sockets: Socket[] = []
  for (let opened = 0; opened < SILENT; opened += AT_ONCE) {
    sockets.push(...(await Promise.all(Array.from({ length: AT_ONCE }, open))))
    expect((await api.ask('/resource/lxc/config?lxc_id=101')).status).toBe(200)
  }
  // The client hears of a closed connection a little later than the server closes it.
  const openSockets = () => sockets.filter(socket => !socket.destroyed && socket.readyState === 'open').length
  await expect.poll(openSockets, { timeout: 60_000 }).toBeLessThan(2 * 256)
  for (const socket of sockets) socket.destroy()
  expect((await api.ask('/health/check', { key: '' })).status).toBe(200)
  expect(api.daemon.output).not.toMatch(/bug|Error/)
})

test('a request sent one byte at a time is ended, and others are answered meanwhile', async () => {
  const slow = await open()
  const ended = new Promise(resolve => slow.once('close', resolve))
  slow.on('error', () => undefined)
  const drip = setInterval(() => slow.write('x'), 20)
  slow.write('GET / HTTP/1.1\r\nHost: localhost\r\nX: ')
  slow.resume()
  expect((await api.ask('/resource/lxc/config?lxc_id=101')).status).toBe(200)
  await ended
  clearInterval(drip)
})
