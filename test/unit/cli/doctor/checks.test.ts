import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { API_CONFIG_RULES } from '@lxc-autoscale/api'
import {
  AutoscaleError,
  type ContainerConfigBody,
  type DecidingVerdict,
  type ErrorCode,
  NO_STEERING,
} from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { MONITOR_RULES } from '@lxc-autoscale/monitor'
import { beforeEach, describe, expect, test } from 'vitest'
import { containerConfigBody } from '../../../../packages/api/src/changes/wire-allocation.ts'
import { ApiClient } from '../../../../packages/cli/src/api/api-client.ts'
import type { Patient } from '../../../../packages/cli/src/doctor/check.ts'
import { cgroupMode, clock, diskSpace, pctIsThere, quorum } from '../../../../packages/cli/src/doctor/host-checks.ts'
import {
  apiAnswers,
  deciding,
  freshData,
  keysMatch,
  rawLimits,
} from '../../../../packages/cli/src/doctor/service-checks.ts'
import { containerFacts } from '../../../builders/container-facts.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const NOW_MS = Date.UTC(2026, 2, 1, 12)

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})

/** An API of which only the answers to the checks are of interest. */
class FakeApi extends ApiClient {
  error: Error | undefined
  answer: Awaited<ReturnType<ApiClient['health']>> = { status: 'healthy', version: '2.0.0', checks: {} }
  containers: ContainerConfigBody[] = []

  constructor() {
    super({ url: 'http://127.0.0.1:1', apiKey: undefined })
  }

  /** The keys that it was asked with, but for that of the command. */
  readonly keys: (string | undefined)[] = []

  override withKey(key: string | undefined) {
    this.keys.push(key)
    return this
  }

  override async health() {
    if (this.error !== undefined) throw this.error
    return this.answer
  }

  override async configs() {
    if (this.error !== undefined) throw this.error
    return { containers: this.containers, failed: [] }
  }
}

/** A host whose files are in the temporary folder. */
function patient(changes: Partial<Patient> = {}): Patient {
  const metrics = join(directory, 'metrics.json')
  const host = { proc: directory, cgroup: join(directory, 'cgroup'), pve: join(directory, 'pve') }
  return {
    configDir: directory,
    monitor: MONITOR_RULES.schema.parse({
      monitoring: { export_file: metrics },
      logging: { log_file: join(directory, 'monitor.log') },
      host,
    }),
    model: MODEL_CONFIG_RULES.schema.parse({ data_file: metrics, log_file: '', state: { directory } }),
    api: API_CONFIG_RULES.schema.parse({ host, logging: { log_file: '' }, state: { directory } }),
    client: new FakeApi(),
    nowMs: NOW_MS,
    ...changes,
  }
}

function write(path: string, text: string): string {
  const file = join(directory, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** The metrics file, written `ageS` seconds ago. */
function writeMetrics(ageS: number): void {
  const file = write('metrics.json', '[\n]\n')
  utimesSync(file, NOW_MS / 1_000 - ageS, NOW_MS / 1_000 - ageS)
}

test('pct is looked for on PATH, and must be a program', async () => {
  const check = pctIsThere(`${directory}/none:${directory}/bin`)
  const file = write('bin/pct', '#!/bin/sh\n')
  chmodSync(file, 0o644)
  expect(await check.look(patient())).toMatchObject({ isGood: false, mend: expect.stringContaining('/usr/sbin') })
  chmodSync(file, 0o755)
  expect(await check.look(patient())).toEqual({ isGood: true, detail: file, mend: '' })
})

describe('cgroups', () => {
  test.each([
    ['version 2', 'cgroup/cgroup.controllers', 'cpuset cpu io memory pids\n', true],
    ['version 2 without the controllers memory', 'cgroup/cgroup.controllers', 'cpuset cpu io pids\n', false],
    ['version 1', 'cgroup/memory/memory.stat', 'cache 0\n', true],
    ['is no cgroup file system', 'cgroup/readme', '', false],
  ])('%s', async (detail, path, text, isGood) => {
    write(path, text)
    expect(await cgroupMode.look(patient())).toMatchObject({
      isGood,
      detail: expect.stringContaining(detail),
      mend: isGood ? '' : expect.stringMatching(/./),
    })
  })
})

describe('quorum', () => {
  test.each([
    ['is there', '{"nodename":"a","cluster":{"quorate":1}}', true],
    ['is lost', '{"nodename":"a","cluster":{"quorate":0}}', false],
    ['needs no cluster', '{"nodename":"a"}', true],
    ['is not known from a torn file', '{"nodename":', undefined],
  ])('%s', async (_, text, isGood) => {
    write('pve/.members', text)
    expect(await quorum.look(patient())).toMatchObject({ isGood })
  })

  test('is not known without the file', async () => {
    expect(await quorum.look(patient())).toMatchObject({ isGood: undefined })
  })
})

describe('the clock', () => {
  test('is wrong before this program was written', async () => {
    const found = await clock.look(patient({ nowMs: Date.UTC(2000, 0, 15) }))
    expect(found).toMatchObject({ isGood: false, detail: expect.stringContaining('2000-01-1') })
  })

  test('went back when the metrics are from the future', async () => {
    writeMetrics(-600)
    expect(await clock.look(patient())).toMatchObject({
      isGood: false,
      detail: expect.stringContaining('in the future'),
    })
    writeMetrics(5)
    expect(await clock.look(patient())).toMatchObject({ isGood: true })
  })
})

test('disk space is looked at in every folder that the daemons write to', async () => {
  const model = MODEL_CONFIG_RULES.schema.parse({ log_file: '', state: { directory: join(directory, 'none') } })
  const [found] = [await diskSpace.look(patient({ model }))].flat()
  expect(found?.detail).toMatch(new RegExp(`${directory} (\\d+ % free|has [\\d.]+ % left)`))
  expect(found?.detail).toMatch(/none missing|% left/)
})

describe('the data', () => {
  test('are good while they are fresh, and bad after three intervals', async () => {
    writeMetrics(20)
    expect(await freshData.look(patient())).toMatchObject({ isGood: true, detail: expect.stringContaining('20 s old') })
    writeMetrics(31)
    expect(await freshData.look(patient())).toMatchObject({
      isGood: false,
      mend: expect.stringMatching(/^systemctl restart lxc_monitor/),
    })
  })

  test('are bad when there are none, or when the daemons mean different files', async () => {
    expect(await freshData.look(patient())).toMatchObject({
      isGood: false,
      mend: expect.stringMatching(/^systemctl restart lxc_monitor/),
    })
    const model = MODEL_CONFIG_RULES.schema.parse({ data_file: '/elsewhere.json' })
    expect(await freshData.look(patient({ model }))).toMatchObject({
      isGood: false,
      detail: expect.stringContaining('/elsewhere.json'),
      mend: expect.stringContaining('systemctl restart lxc_monitor lxc_autoscale_ml'),
    })
  })

  test('are bad when something else stands in their place', async () => {
    mkdirSync(join(directory, 'metrics.json'))
    expect(await freshData.look(patient())).toMatchObject({
      isGood: false,
      detail: expect.stringContaining('is not a regular file'),
      mend: expect.stringMatching(/^mv /),
    })
  })

  test('are not known without a configuration', async () => {
    expect(await freshData.look(patient({ model: undefined }))).toMatchObject({ isGood: undefined })
  })
})

describe('the API', () => {
  const failing = (code: ErrorCode) => {
    const client = new FakeApi()
    client.error = new AutoscaleError(code, 'the reason')
    return patient({ client })
  }

  test('is good when it is healthy, and names the checks that failed', async () => {
    const client = new FakeApi()
    expect(await apiAnswers.look(patient({ client }))).toMatchObject({ isGood: true })
    const failed = { ok: false, detail: 'it failed' }
    const checks = { lxc_commands: failed, pve_files: failed, audit_log: failed, deciding: failed, other: failed }
    client.answer = {
      status: 'unhealthy',
      version: '2.0.0',
      checks: { ...checks, metrics_file: { ok: true, detail: '' } },
    }
    const found = [await apiAnswers.look(patient({ client }))].flat()
    expect(found.map(({ detail }) => detail.split(':')[0])).toEqual(['lxc_commands', 'pve_files', 'audit_log', 'other'])
    for (const { isGood, mend } of found)
      expect({ isGood, mend }).toEqual({ isGood: false, mend: expect.stringMatching(/./) })
    client.answer = { status: 'unhealthy', version: '2.0.0', checks: { deciding: failed } }
    expect(await apiAnswers.look(patient({ client }))).toMatchObject({ isGood: true, detail: 'answers' })
  })

  test('is told from another program on its port', async () => {
    expect(await apiAnswers.look(failing('SCALING_API_MALFORMED'))).toMatchObject({
      mend: expect.stringContaining('ss -ltnp'),
    })
    expect(await apiAnswers.look(failing('SCALING_API_UNREACHABLE'))).toMatchObject({
      mend: expect.stringContaining('systemctl restart'),
    })
  })

  test('is looked for where the configuration says that it listens, before anything is restarted', async () => {
    const client = new FakeApi()
    client.error = new AutoscaleError('SCALING_API_UNREACHABLE', 'no answer')
    const model = MODEL_CONFIG_RULES.schema.parse({ api: { api_url: 'http://127.0.0.1:5001' } })
    expect(await apiAnswers.look(patient({ client, model }))).toMatchObject({
      isGood: false,
      detail: expect.stringMatching(
        /^api\.api_url: .* has the port 5001, but lxc_autoscale_api listens on 127\.0\.0\.1:5000$/,
      ),
      mend: expect.stringMatching(/^make them the same/),
    })
  })

  test('names the containers that raw LXC configuration settles, which is nothing wrong', async () => {
    const client = new FakeApi()
    expect(await rawLimits.look(patient({ client }))).toMatchObject({ isGood: true, mend: '' })
    const line = 'lxc.cgroup2.cpuset.cpus: 0-3'
    const facts = (vmid: number, cores?: string) => containerFacts({ vmid, rawLimits: { cores, memory: undefined } })
    client.containers = [facts(101, line), facts(102)].map(each =>
      containerConfigBody(each, {
        leastMemoryMb: undefined,
        steering: NO_STEERING,
        balancer: { isOn: false, holdMs: 0 },
      }),
    )
    expect(await rawLimits.look(patient({ client }))).toMatchObject({
      isGood: true,
      detail: `not sized, as raw LXC configuration settles it: 101 (${line})`,
      mend: expect.stringContaining('/etc/pve/lxc/ID.conf'),
    })
    expect(await rawLimits.look(failing('SCALING_API_UNREACHABLE'))).toMatchObject({ isGood: undefined })
  })
})

describe('the key of the model', () => {
  const withKeys = (text: string | undefined, changes: Partial<Patient> = {}) => {
    const file = join(directory, 'api.key')
    if (text !== undefined) writeFileSync(file, text)
    const model = MODEL_CONFIG_RULES.schema.parse({ api: { api_key_file: file } })
    const api = API_CONFIG_RULES.schema.parse({ authentication: { key_file: file } })
    return patient({ model, api, ...changes })
  }
  const refusing = (code: ErrorCode) => {
    const client = new FakeApi()
    client.error = new AutoscaleError(code, 'the reason')
    return client
  }

  test('is the one that the model sends, whatever key the command has', async () => {
    const client = new FakeApi()
    const text = 'me:admin:my-own-key-0001\nmodel:scale:the-key-of-the-model\n'
    expect(await keysMatch.look(withKeys(text, { client }))).toMatchObject({ isGood: true })
    expect(client.keys).toEqual(['the-key-of-the-model'])
  })

  test.each<[string, string | undefined, string]>([
    ['is missing without a file', undefined, 'install -m 640 -g lxc-autoscale'],
    ['is missing in an empty file', '# none yet\n', 'install -m 640 -g lxc-autoscale'],
    ['is none of those with other names', 'grafana:read:a-key-to-read-with\n', 'systemctl restart lxc_autoscale_ml'],
  ])('%s', async (_, text, mend) => {
    const client = new FakeApi()
    expect(await keysMatch.look(withKeys(text, { client }))).toMatchObject({
      isGood: false,
      detail: expect.stringContaining('api.key'),
      mend: expect.stringContaining(mend),
    })
    expect(client.keys).toEqual([])
  })

  test('is refused, or the API cannot be asked', async () => {
    const text = 'the-key-of-the-model\n'
    expect(await keysMatch.look(withKeys(text, { client: refusing('UNAUTHORIZED') }))).toMatchObject({
      isGood: false,
      mend: 'systemctl reload lxc_autoscale_api lxc_autoscale_ml',
    })
    const api = API_CONFIG_RULES.schema.parse({ authentication: { key_file: '/elsewhere' } })
    expect(await keysMatch.look(withKeys(text, { client: refusing('UNAUTHORIZED'), api }))).toMatchObject({
      isGood: false,
      mend: expect.stringContaining('authentication.key_file /elsewhere: make them one'),
    })
    const model = MODEL_CONFIG_RULES.schema.parse({ api: { api_key: 'a-key-of-its-own' } })
    expect(await keysMatch.look(withKeys(text, { client: refusing('UNAUTHORIZED'), model }))).toMatchObject({
      isGood: false,
      mend: expect.stringContaining('api.api_key'),
    })
    expect(await keysMatch.look(withKeys(text, { client: refusing('SCALING_API_UNREACHABLE') }))).toMatchObject({
      isGood: undefined,
    })
    const open = API_CONFIG_RULES.schema.parse({ authentication: { enabled: false } })
    expect(await keysMatch.look(withKeys(text, { client: refusing('UNAUTHORIZED'), api: open }))).toMatchObject({
      isGood: true,
    })
  })
})

describe('whether it is deciding', () => {
  /** A patient whose API looks at the files of its model. */
  const watched = (changes: Partial<Patient> = {}) => {
    const [status, lock] = [join(directory, 'model-status.json'), join(directory, 'model.lock')]
    const model = MODEL_CONFIG_RULES.schema.parse({ lock_file: lock, state: { directory } })
    const api = API_CONFIG_RULES.schema.parse({ health: { model_status_file: status, model_lock_file: lock } })
    return patient({ model, api, ...changes })
  }
  const answering = (verdict: DecidingVerdict | undefined) => {
    const client = new FakeApi()
    client.answer = { status: 'healthy', version: '2.0.0', checks: {}, deciding: verdict }
    return client
  }
  const problem = (code: 'dry_run' | 'key_refused' | 'breaker_open') => ({ code, text: code, mend: `mend ${code}` })

  test('is what the API says, each problem with its mend', async () => {
    const stuck = {
      state: 'stuck',
      text: 'not deciding',
      problems: [problem('key_refused'), problem('breaker_open')],
    } as const
    expect(await deciding.look(watched({ client: answering(stuck) }))).toEqual([
      { isGood: false, detail: 'not deciding', mend: 'mend key_refused' },
      { isGood: false, detail: 'breaker_open', mend: 'mend breaker_open' },
    ])
    const idle = { state: 'idle', text: 'dry run', problems: [problem('dry_run')] } as const
    expect(await deciding.look(watched({ client: answering(idle) }))).toEqual([
      { isGood: true, detail: 'dry run', mend: 'mend dry_run' },
    ])
    const fine = { state: 'deciding', text: 'deciding', problems: [] } as const
    expect(await deciding.look(watched({ client: answering(fine) }))).toMatchObject({ isGood: true })
  })

  test('is what the files say when the API says nothing, or does not answer', async () => {
    expect(await deciding.look(watched({ client: answering(undefined) }))).toMatchObject([
      { isGood: false, mend: expect.stringContaining('systemctl start lxc_autoscale_ml') },
    ])
    const client = new FakeApi()
    client.error = new AutoscaleError('SCALING_API_UNREACHABLE', 'no answer')
    expect(await deciding.look(watched({ client }))).toMatchObject([
      { detail: 'not deciding: lxc_autoscale_ml is not running' },
    ])
  })

  test.each(['model_status_file', 'model_lock_file'])('cannot be known when the API looks at another %s', async key => {
    const usual = watched().api?.health
    const api = API_CONFIG_RULES.schema.parse({ health: { ...usual, [key]: '/elsewhere' } })
    expect(await deciding.look(watched({ api }))).toMatchObject({ isGood: false, detail: expect.stringContaining(key) })
  })
})
