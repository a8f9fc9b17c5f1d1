import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const root = join(import.meta.dirname, '..', '..')

/** A daemon of ours whose work is `run`, running. */
async function daemonThat(run: string): Promise<SpawnedDaemon> {
  const folder = temporaryDirectory()
  const [program, config] = [join(folder, 'daemon.mjs'), join(folder, 'daemon.yaml')]
  writeFileSync(config, '{}')
  writeFileSync(
    program,
    `import { runDaemon } from ${JSON.stringify(join(root, 'packages/core/dist/index.js'))}
import { z } from ${JSON.stringify(import.meta.resolve('zod'))}
await runDaemon({
  command: 'lxc-test', summary: '', defaultConfigFile: '', hasOnce: false, schema: z.strictObject({}),
  logSettings: () => ({ level: 'INFO', file: '', maxBytes: 1, backupCount: 0 }),
  run: ${run},
})`,
  )
  const daemon = new SpawnedDaemon(program, ['--config', config])
  await daemon.says(/INFO +starting/)
  return daemon
}

test.each(['SIGTERM', 'SIGINT'] as const)('a daemon that heeds the signal ends with 0 after %s', async signal => {
  const daemon = await daemonThat(`({ signal }) => new Promise(resolve => {
    const working = setInterval(() => undefined, 1_000)
    signal.onabort = () => { clearInterval(working); resolve() }
  })`)
  expect(await daemon.end(signal)).toBe(0)
  expect(daemon.output).toMatch(/INFO +stopping signal=SIG\w+\n.*INFO +stopped/)
})

test('a daemon whose work does not end leaves at its deadline, which is below the five seconds it has', async () => {
  const daemon = await daemonThat('() => new Promise(() => setInterval(() => undefined, 1_000))')
  expect(await daemon.end('SIGTERM')).toBe(1)
  const [, deadlineMs] = (await daemon.says(/could not stop in time; leaving deadline_ms=(\d+)/)) ?? []
  expect(Number(deadlineMs)).toBeLessThan(5_000)
})

test('handles that are left open do not keep a daemon that is done', async () => {
  const daemon = await daemonThat(`({ signal }) => new Promise(resolve => {
    setInterval(() => undefined, 1_000)
    signal.onabort = resolve
  })`)
  expect(await daemon.end('SIGTERM')).toBe(0)
})
