import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PretendInstallation } from '../fakes/pretend-installation.ts'
import type { SpawnedDaemon } from '../fakes/spawned-daemon.ts'

const PATIENCE_MS = 60_000

let host: PretendInstallation
let api: SpawnedDaemon
let model: SpawnedDaemon

// One after the other on one host: each test leaves it deciding, but the last.
beforeAll(async () => {
  host = await PretendInstallation.create()
  host.moveLoads(1)
  api = await host.startApi()
  host.start('monitor')
  model = host.start('model')
  await verdict('deciding')
})
afterAll(() => host.remove())

interface Health {
  readonly status: number
  readonly deciding: { readonly state: string; readonly text: string; readonly problems: readonly { code: string }[] }
}

/** What GET /health/check answers when the verdict is this one. */
async function verdict(state: string): Promise<Health> {
  const endMs = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await fetch(`${host.apiUrl}/health/check`)
    const health: Health = { ...JSON.parse(await answer.text()), status: answer.status }
    if (health.deciding.state === state) return health
    if (Date.now() > endMs) throw new Error(`not ${state}: ${JSON.stringify(health.deciding)}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

async function doctor() {
  const { exitCode, stdout } = await host.command(['doctor', '--json', '--config-dir', host.configDir])
  return { exitCode, findings: JSON.parse(stdout).filter(({ name }: { name: string }) => name === 'model') }
}

test('a dry run is idle: healthy, and doctor says what would end it', async () => {
  host.configure('model', { scaling: { dry_run: true } })
  model.process.kill('SIGHUP')
  const { status, deciding } = await verdict('idle')
  expect({ status, codes: deciding.problems.map(({ code }) => code) }).toEqual({ status: 200, codes: ['dry_run'] })
  const { exitCode, findings } = await doctor()
  expect(exitCode).toBe(0)
  expect(findings).toMatchObject([{ isGood: true, mend: expect.stringContaining('scaling.dry_run: false') }])
  host.configure('model')
  model.process.kill('SIGHUP')
  await verdict('deciding')
})

test('a refused key is stuck, and the mend that doctor gives for it mends', async () => {
  writeFileSync(host.keyFile, 'another-key-of-the-model\n')
  const { status } = await verdict('stuck')
  expect(status).toBe(503)
  const { exitCode, findings } = await doctor()
  expect(exitCode).toBe(1)
  expect(findings[0]).toMatchObject({
    isGood: false,
    detail: expect.stringContaining('wrong API key'),
    mend: expect.stringContaining('systemctl reload lxc_autoscale_api lxc_autoscale_ml'),
  })
  await model.says(/nothing is decided until this is over problem=.* mend="systemctl reload lxc_autoscale_api/)
  api.process.kill('SIGHUP')
  model.process.kill('SIGHUP')
  expect((await verdict('deciding')).deciding.problems).toEqual([])
})

test('a model that was killed is stuck, which doctor and explain say with the mend', async () => {
  await model.end('SIGKILL')
  const { status, deciding } = await verdict('stuck')
  expect({ status, text: deciding.text }).toEqual({
    status: 503,
    text: 'not deciding: lxc_autoscale_ml is not running',
  })
  const mend = expect.stringContaining('systemctl start lxc_autoscale_ml')
  expect(await doctor()).toMatchObject({ exitCode: 1, findings: [{ isGood: false, mend }] })
  const { stdout } = await host.command(['explain', '101', '--config-dir', host.configDir])
  expect(stdout).toMatch(/^not deciding: lxc_autoscale_ml is not running\n {2}mend: systemctl start lxc_autoscale_ml/)
})
