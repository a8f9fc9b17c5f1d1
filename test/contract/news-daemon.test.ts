import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { containerStatus, modelStatus } from '../builders/model-status.ts'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const TOKEN = 'tk_never_to_be_seen'
const HOOK_PATH = '/services/never-to-be-seen'
/** Longer than any machine is busy. */
const PATIENCE_MS = 50_000

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was sent
const hooks: any[] = []
const mails: string[] = []
let hookStatus = 200
const web = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', part => parts.push(part))
  request.on('end', () => {
    if (hookStatus === 200) hooks.push(JSON.parse(Buffer.concat(parts).toString('utf8')))
    response.writeHead(hookStatus).end(`Cannot POST ${request.url} ${request.headers.authorization}`)
  })
})
const smtp = new SMTPServer({
  authOptional: true,
  onData(stream, _session, done) {
    let text = ''
    stream.on('data', part => {
      text += String(part)
    })
    stream.on('end', () => {
      mails.push(text)
      done()
    })
  },
})

let api: ApiDaemon
let statusFile = ''

beforeAll(async () => {
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', () => resolve()))
  await new Promise<void>(resolve => smtp.listen(0, '127.0.0.1', () => resolve()))
})

afterAll(async () => {
  await api.stop()
  web.close()
  smtp.close()
})

function port(server: { address(): AddressInfo | string | null }): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function notifications() {
  const url = `http://127.0.0.1:${port(web)}${HOOK_PATH}`
  return {
    group_seconds: 1,
    targets: [
      { type: 'webhook', url, token: TOKEN },
      { type: 'mail', to: 'admin@example.org', smtp: { port: port(smtp.server) } },
    ],
  }
}

const killed = new Map<number, string>()

/** The model writes down that processes were killed in container `vmid` a moment ago. */
function kill(vmid: number): void {
  const now = new Date().toISOString()
  killed.set(vmid, now)
  const containers = [...killed].map(([vmid, time]) =>
    containerStatus({ vmid, name: `ct${vmid}`, kills: [{ time, own: 2, inner: 0 }] }),
  )
  writeFileSync(statusFile, JSON.stringify(modelStatus({ containers, updated_at: now })))
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS
  while (!isSo()) {
    if (Date.now() > endMs) throw new Error(`did not come to pass; it said\n${api.daemon.output}`)
    await new Promise(done => setTimeout(done, 50))
  }
}

const titles = () => hooks.map(({ title }) => String(title).replace(/^[^:]*: /, ''))

test('news reach people, over restarts and reloads, and no secret reaches a log', {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  statusFile = join(temporaryDirectory(), 'model-status.json')
  kill(150)
  const health = { metrics_file: '', model_lock_file: '', model_status_file: statusFile }
  api = await ApiDaemon.start({ containers: [], config: { notifications: notifications(), health } })

  const tested = await api.ask('/news/test', { body: {}, key: KEYS.scale })
  expect(tested.json.data.targets).toEqual([
    { target: 'webhook', type: 'webhook', is_sent: true, text: 'taken, 200' },
    { target: 'mail', type: 'mail', is_sent: true, text: expect.stringContaining('taken for admin@example.org') },
  ])
  expect([titles(), mails.length]).toEqual([['a test message'], 1])
  expect(await api.ask('/news/test', { body: {}, key: KEYS.read })).toMatchObject({ status: 403 })
  expect(await api.ask('/news/test', { body: { target: 'pager' } })).toMatchObject({ status: 400 })

  // What was there before the very first start is no news.
  await until(() => existsSync(join(api.directory, 'state', 'news.json')))
  hookStatus = 500
  kill(101)
  await until(() => mails.length >= 2)
  await api.daemon.says(/news cannot be sent/)
  await api.daemon.end('SIGTERM')

  // What the webhook did not take waits over the restart; what the mail told is not told again.
  hookStatus = 200
  await api.restart()
  kill(103)
  await until(() => JSON.stringify(hooks).includes('ct103') && mails.length >= 3)
  const told = hooks.slice(1).flatMap(({ events }) => events)
  expect(told.map(({ lxc_id: vmid }) => vmid).sort()).toEqual([101, 103])
  expect(mails.map(mail => /ct10\d/.exec(mail)?.[0])).toEqual([undefined, 'ct101', 'ct103'])

  const file = join(api.directory, 'api.yaml')
  const config = parse(readFileSync(file, 'utf8'))
  const [hook] = config.notifications.targets
  writeFileSync(file, stringify({ ...config, notifications: { targets: [{ ...hook, name: 'other' }] } }))
  api.daemon.process.kill('SIGHUP')
  await api.daemon.says(/configuration re-read/)
  hookStatus = 404
  let after = await api.ask('/news/test', { body: {} })
  while (after.json.data.targets[0].target !== 'other') after = await api.ask('/news/test', { body: {} })
  expect(after.json.data.targets).toEqual([
    {
      target: 'other',
      type: 'webhook',
      is_sent: false,
      text: 'it answers 404: Cannot POST [redacted] Bearer [redacted]',
    },
  ])
  expect((await api.ask('/metrics')).text).toMatch(/lxc_autoscale_api_news_failed_total\{target="other"\} [1-9]/)

  const written =
    api.daemon.output +
    readFileSync(join(api.directory, 'api.log'), 'utf8') +
    readFileSync(join(api.directory, 'state', 'news.json'), 'utf8')
  expect(written).not.toMatch(/never[-_]to[-_]be[-_]seen/)
})
