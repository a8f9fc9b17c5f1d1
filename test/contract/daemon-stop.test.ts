import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const root = join(import.meta.dirname, '..', '..')

/** A daemon of ours whose work is `run`, running. */
async function daemonThat(run: string): Promise<SpawnedDaemon> {
  const daemon = startDaemon({ run })
  await daemon.says(/INFO +starting/)
  return daemon
}

/** The same, before it says anything. `schema` checks its configuration, which is `{}` at first. */
function startDaemon({ run, schema = 'z.strictObject({})' }: { run: string; schema?: string }): SpawnedDaemon {
  const folder = temporaryDirectory()
  const [program, config] = [join(folder, 'daemon.mjs'), join(folder, 'daemon.yaml')]
  writeFileSync(config, '{}')
  writeFileSync(
    program,
    `import { runDaemon } from ${JSON.stringify(join(root, 'packages/core/dist/index.js'))}
import { z } from ${JSON.stringify(import.meta.resolve('zod'))}
await runDaemon({
  command: 'lxc-test', summary: '', defaultConfigFile: '', hasOnce: false, schema: ${schema},
  logSettings: () => ({ level: 'INFO', file: '', maxBytes: 1, backupCount: 0 }),
  run: ${run},
})`,
  )
  const daemon = new SpawnedDaemon(program, ['--config', config])
  onTestFinished(async () => void (await daemon.end('SIGKILL')))
  return daemon
}

/** A schema that says `reading` and takes a second, in which the daemon is not listening to anybody. */
const SLOW_TO_READ = `z.strictObject({}).transform(() => {
  process.stderr.write('reading\\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  return { read: performance.now() }
})`

/** Works until it is stopped; takes over configurations, which it says, from its second turn of work on. */
const WORKING = `async ({ config, signal, onReload }) => {
  await new Promise(resolve => setTimeout(resolve, 300))
  if (signal.aborted) return
  onReload(next => console.log('took over a later one:', next.read > config.read))
  console.log('working')
  await new Promise(resolve => {
    const working = setInterval(() => undefined, 1_000)
    signal.onabort = () => { clearInterval(working); resolve() }
  })
}`

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

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s while it reads its configuration stops a daemon cleanly',
  async signal => {
    const daemon = startDaemon({ run: WORKING, schema: SLOW_TO_READ })
    await daemon.says(/reading/)
    expect(await daemon.end(signal)).toBe(0)
    expect(daemon.output).toMatch(/INFO +starting.*\n.*INFO +stopping signal=SIG\w+\n.*INFO +stopped/)
    expect(daemon.output).not.toContain('working')
  },
)

test('SIGHUP while it starts does not end a daemon, and gives it the configuration of that moment', async () => {
  const daemon = startDaemon({ run: WORKING, schema: SLOW_TO_READ })
  await daemon.says(/reading/)
  daemon.process.kill('SIGHUP')
  await daemon.says(/configuration re-read[\s\S]*took over a later one: true[\s\S]*working/)
  expect(await daemon.end('SIGTERM')).toBe(0)
})

test('SIGHUP while it stops changes nothing', async () => {
  const daemon = await daemonThat(`({ signal }) => new Promise(resolve => {
    const working = setInterval(() => undefined, 1_000)
    const stop = () => { clearInterval(working); resolve() }
    signal.onabort = () => setTimeout(() => { console.log('nearly done'); setTimeout(stop, 500) }, 300)
  })`)
  daemon.process.kill('SIGTERM')
  await daemon.says(/stopping/)
  const timer = setInterval(() => daemon.process.kill('SIGHUP'), 5)
  await daemon.says(/nearly done/)
  clearInterval(timer)
  expect(await daemon.ended()).toBe(0)
  expect(daemon.output).not.toContain('configuration re-read')
})

/**
 * Waits until the kernel knows that the process has a handler for SIGHUP, which is the last one that it sets up. (SIGTERM tells
 * nothing: Node.js has one for it from the start, which ends the process by the signal.)
 */
async function catchesSignals({ process: { pid } }: SpawnedDaemon): Promise<void> {
  const caught = () => {
    const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
    return (BigInt(`0x${mask}`) & 1n) === 1n
  }
  await vi.waitUntil(caught, { timeout: 30_000, interval: 1 })
}

describe.each([
  ['monitor/bin/lxc-monitor.mjs', { logging: { log_file: '' } }],
  ['model/bin/lxc-autoscale-ml.mjs', { log_file: '' }],
  ['api/bin/lxc-autoscale-api.mjs', { logging: { log_file: '' }, server: { port: 0 } }],
])('%s, which is still being loaded', (bin, settings) => {
  function start(): SpawnedDaemon {
    const file = join(temporaryDirectory(), 'daemon.yaml')
    // It never gets so far as to use what it may not.
    writeFileSync(file, JSON.stringify(settings))
    const daemon = new SpawnedDaemon(bin, ['--config', file, '--check-config'])
    onTestFinished(async () => void (await daemon.end('SIGKILL')))
    return daemon
  }

  test('stops cleanly after SIGTERM', async () => {
    const daemon = start()
    await catchesSignals(daemon)
    expect(await daemon.end('SIGTERM')).toBe(0)
  })

  test('is not ended by SIGHUP', async () => {
    const daemon = start()
    await catchesSignals(daemon)
    daemon.process.kill('SIGHUP')
    await daemon.says(/: ok/)
    expect(await daemon.ended()).toBe(0)
  })
})
