import { ConfigError } from '@lxc-autoscale/core'
import { beforeEach, describe, expect, test } from 'vitest'
import type { CommandReport } from '../../../../packages/api/src/pct/command-report.ts'
import * as commands from '../../../../packages/api/src/pct/commands.ts'
import type { HostCommand, RestCall } from '../../../../packages/api/src/ports.ts'
import { RestCommands } from '../../../../packages/api/src/rest/rest-commands.ts'
import { NotConnected, type RestAnswer } from '../../../../packages/api/src/rest/rest-connection.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const UPID = 'UPID:pve:0000C0DE:00012345:6B0A5CC6:vzsnapshot:101:lxc-autoscale@pve!api-pve:'
const STARTED = 'UPID:pve:0000C0DF:00012346:6B0A5CC7:vzstart:101:lxc-autoscale@pve!api-pve:'
const set = commands.setResources(101, { cores: 2 }) as HostCommand
const snapshot = commands.createSnapshot(101, 'one', 'why')

type Says = RestAnswer | Error | 'nothing'

let clock: FakeClock
let reports: CommandReport[]
let asked: string[]
/** What is answered to requests whose method and path begin so, one after the other; the last one again and again. */
let says: Record<string, Says[]>
let isLocked: boolean
let settings: () => undefined
let rest: RestCommands

function data(value: unknown): RestAnswer {
  return { status: 200, reason: 'OK', body: JSON.stringify({ data: value }) }
}

function failed(status: number, reason: string, body: object = { data: null }): RestAnswer {
  return { status, reason, body: JSON.stringify(body) }
}

function answerOf({ method, path }: Pick<RestCall, 'method' | 'path'>): Says {
  const line = `${method} ${path}`
  asked.push(line)
  const key = Object.keys(says).find(begin => line.startsWith(begin)) ?? ''
  const [next = data(null), ...others] = says[key] ?? []
  if (others.length > 0) says[key] = others
  return next
}

beforeEach(() => {
  clock = new FakeClock()
  reports = []
  asked = []
  says = { 'GET /nodes/pve/tasks?': [data([])] }
  isLocked = false
  settings = () => undefined
  rest = new RestCommands({
    clock,
    settings: () =>
      settings() ?? { url: 'https://pve:8006', token: { id: 'a@pve!b', header: 'SECRET' }, trust: { ca: '' } },
    connect: () => ({
      async send(call, { limitMs }) {
        const said = answerOf(call)
        if (said instanceof Error) throw said
        if (said !== 'nothing') return said
        await clock.sleep(limitMs)
        return undefined
      },
      close: async () => undefined,
    }),
    node: () => 'pve',
    isLocked: () => isLocked,
    limitMs: () => 30_000,
    onEnd: report => void reports.push(report),
  })
})

/** How a command ends, however long it takes. */
async function ended(command: HostCommand) {
  const running = rest.run(command).then(
    output => output,
    error => error,
  )
  await clock.advance(120_000)
  return await running
}

test('what is set is answered at once; the token stands in nothing that is told', async () => {
  expect(await ended(set)).toMatchObject({ stdout: '', stderr: '' })
  says['PUT /nodes/pve/lxc/101/config'] = [failed(401, 'invalid token value!')]
  const error = await ended(set)
  expect(error).toMatchObject({ code: 'REST_NOT_ALLOWED', leaves: 'untouched' })
  expect(JSON.stringify([error.message, error.details])).toMatch(/a@pve!b(?!.*SECRET)/)
})

test('files that are not there yet are read again at the next request, as after a refusal', async () => {
  settings = () => {
    throw new ConfigError([{ file: '/etc/pve/pve-root-ca.pem', line: undefined, key: '', message: 'is not there' }])
  }
  const error = await ended(set)
  expect(error).toMatchObject({ code: 'REST_UNREACHABLE', message: expect.stringContaining('pve-root-ca.pem') })
  settings = () => undefined
  expect(await ended(set)).toMatchObject({ stdout: '' })
})

describe('a failure means what it means of pct', () => {
  test.each([
    ['in the reason', failed(500, 'CT is locked (backup)'), 'CONTAINER_LOCKED', 'CT is locked (backup)'],
    [
      'in the body',
      failed(500, 'Internal', { data: null, message: 'cluster not ready - no quorum?\n' }),
      'NO_QUORUM',
      'no quorum?',
    ],
    [
      'of a field',
      failed(400, 'Parameter verification failed.', { errors: { cores: 'must be less\n' } }),
      'INVALID_REQUEST',
      'cores: must be less',
    ],
    [
      'of a kernel',
      failed(400, 'Bad', { errors: { memory: 'unable to hotplug memory: x - Device or resource busy' } }),
      'MEMORY_BELOW_FLOOR',
      'busy',
    ],
    [
      'of a right',
      failed(403, 'Permission check failed (/vms/101, VM.Config.CPU)'),
      'REST_NOT_ALLOWED',
      'lacks what is needed (/vms/101, VM.Config.CPU)',
    ],
    ['of another node', failed(595, 'No route to host'), 'NODE_OFFLINE', 'No route to host'],
    [
      'of its own',
      failed(500, 'something else'),
      'PCT_FAILED',
      'PUT /nodes/pve/lxc/101/config cores=2: something else',
    ],
  ])('%s', async (_, answer, code, text) => {
    says['PUT'] = [answer]
    const error = await ended(set)
    expect(error).toMatchObject({ code })
    expect(error.message).toContain(text)
  })
})

describe('an answer that is lost', () => {
  test.each<[string, Says, string]>([
    ['by a broken connection', new Error('other side closed'), 'OUTCOME_UNKNOWN'],
    ['on the way to the node', failed(596, 'Connection timed out'), 'OUTCOME_UNKNOWN'],
    ['by a proxy in between', failed(504, 'Gateway Timeout'), 'OUTCOME_UNKNOWN'],
    ['in its middle', { status: 200, reason: 'OK', body: '{"da' }, 'OUTCOME_UNKNOWN'],
    ['by one who says that all is well', { status: 204, reason: 'No Content', body: '' }, 'OUTCOME_UNKNOWN'],
    ['for lack of time', 'nothing', 'PCT_TIMEOUT'],
  ])('%s is neither done nor refused, and is not asked for again', async (_, said, code) => {
    says['PUT'] = [said]
    expect(await ended(set)).toMatchObject({ code, leaves: 'unknown' })
    expect(asked.filter(line => line.startsWith('PUT'))).toHaveLength(1)
    expect(reports).toMatchObject([{ outcome: 'timeout' }])
  })

  test('is told only when Proxmox is no longer at work on the container, so that what is seen then counts', async () => {
    says['PUT'] = [new Error('ECONNRESET')]
    isLocked = true
    let isTold = false
    const running = rest.run(set).catch(() => (isTold = true))
    await clock.advance(8_000)
    expect(isTold).toBe(false)
    isLocked = false
    await clock.advance(2_100)
    expect(isTold).toBe(true)
    await running
  })

  test('of a look is no more than that; what was never sent has changed nothing', async () => {
    says['GET /nodes/pve/lxc'] = [new Error('ECONNRESET')]
    expect(await ended(commands.listContainers())).toMatchObject({ code: 'REST_UNREACHABLE' })
    says['PUT'] = [new NotConnected('self-signed certificate')]
    expect(await ended(set)).toMatchObject({ code: 'REST_UNREACHABLE', leaves: 'untouched' })
  })
})

describe('a task', () => {
  const status = `GET /nodes/pve/tasks/${encodeURIComponent(UPID)}/status`
  const log = `GET /nodes/pve/tasks/${encodeURIComponent(UPID)}/log`
  const running = data({ status: 'running' })
  const stopped = (exitstatus: string) => data({ status: 'stopped', exitstatus })

  beforeEach(() => {
    says['POST'] = [data(UPID)]
    says[log] = [data([{ n: 1, t: 'WARN: low space' }])]
  })

  test('is looked at until it has ended, also when a look fails; its log is what pct would print', async () => {
    says[status] = [running, new Error('ECONNRESET'), running, stopped('OK')]
    expect(await ended(snapshot)).toMatchObject({ stdout: 'WARN: low space\n', stderr: '' })
    expect(asked.filter(line => line.startsWith(status))).toHaveLength(4)
  })

  test.each([
    ['CT is locked (snapshot)', 'CONTAINER_LOCKED', 'untouched'],
    ["snapshot name 'one' already used", 'ALREADY_EXISTS', 'untouched'],
    ['Permission check failed (/storage/x, Datastore.AllocateSpace)', 'REST_NOT_ALLOWED', 'untouched'],
    ['command failed: exit code 5', 'PCT_FAILED', 'half-done'],
    ['unexpected status', 'OUTCOME_UNKNOWN', 'unknown'],
  ])('that ended with %j', async (end, code, leaves) => {
    says[status] = [stopped(end)]
    expect(await ended(snapshot)).toMatchObject({ code, leaves })
  })

  test('with warnings is done, and says so', async () => {
    says[status] = [stopped('WARNINGS: 1')]
    expect(await ended(snapshot)).toMatchObject({ stderr: 'Task finished with 1 warning(s)!\n' })
  })

  test('that does not end in time goes on, and is named', async () => {
    says[status] = [running]
    const error = await ended(snapshot)
    expect(error).toMatchObject({ code: 'PCT_TIMEOUT', leaves: 'unknown', details: { task: UPID } })
    expect(asked.some(line => line.startsWith('DELETE'))).toBe(false)
  })

  test('that cannot be seen, or has no name, has an unknown end', async () => {
    says[status] = [failed(400, 'no such task')]
    expect(await ended(snapshot)).toMatchObject({
      code: expect.stringMatching(/OUTCOME_UNKNOWN|PCT_TIMEOUT/),
      leaves: 'unknown',
    })
    says['POST'] = [data(null)]
    expect(await ended(snapshot)).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  })

  test('of a rollback is over when the container has started, which that task does not wait for', async () => {
    says[status] = [stopped('OK')]
    says['GET /nodes/pve/tasks?'] = [data([{ upid: STARTED, type: 'vzstart' }])]
    says[`GET /nodes/pve/tasks/${encodeURIComponent(STARTED)}/status`] = [
      running,
      stopped("startup for container '101' failed"),
    ]
    expect(await ended(commands.rollbackSnapshot(101, 'one', true))).toMatchObject({ code: 'PCT_FAILED' })
  })
})

test('a task that an earlier daemon left behind is waited for; a console, or what a stale list still names, is not', async () => {
  const status = `GET /nodes/pve/tasks/${encodeURIComponent(UPID)}/status`
  const console = { upid: UPID.replace('vzsnapshot', 'vncproxy'), type: 'vncproxy' }
  says['GET /nodes/pve/tasks?'] = [data([{ upid: UPID, type: 'vzsnapshot' }, console])]
  says[status] = [data({ status: 'running' }), data({ status: 'stopped', exitstatus: 'OK' })]
  const left = rest.leftEnded(101, { mostMs: 10_000, signal: new AbortController().signal })
  await clock.advance(1_000)
  expect(await left).toBe(true)
  says[status] = [data({ status: 'running' })]
  const longer = rest.leftEnded(101, { mostMs: 10_000, signal: new AbortController().signal })
  await clock.advance(20_000)
  expect(await longer).toBe(false)
})

test('what must hold is looked at when its turn has come, right before it is sent', async () => {
  const refused = rest.run(set, () => {
    throw new Error('it grew')
  })
  await expect(refused).rejects.toThrow('it grew')
  expect([asked, reports]).toEqual([[], []])
})

test('of a container of another node it is looked there whether Proxmox is at work', async () => {
  says['PUT'] = [new Error('ECONNRESET')]
  const remote = commands.setResourcesOn('pve2', 101, { cores: 2 }) as HostCommand
  expect(await ended(remote)).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(asked).toContain('PUT /nodes/pve2/lxc/101/config')
  expect(asked).toContain('GET /nodes/pve2/tasks?vmid=101&source=active')
})
