import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { acquireInstanceLock } from '@lxc-autoscale/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { HostTree } from '../builders/host-tree.ts'
import { SpawnedDaemon } from '../fakes/spawned-daemon.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

/** What may stand in the place of the metrics file. */
const OTHERS: readonly (readonly [name: string, make: (path: string) => void])[] = [
  ['a folder', path => mkdirSync(path)],
  ['a FIFO', path => void execFileSync('mkfifo', [path])],
  ['a device', path => symlinkSync('/dev/zero', path)],
]

const BIN = 'monitor/bin/lxc-monitor.mjs'

function setUp(config: Record<string, unknown> = {}) {
  const folder = temporaryDirectory()
  const tree = new HostTree(join(folder, 'host'))
  tree.configure(101)
  tree.start(101)
  const metricsFile = join(folder, 'lxc_metrics.json')
  const configFile = join(folder, 'lxc_monitor.yaml')
  const write = (changes: Record<string, unknown>) =>
    writeFileSync(
      configFile,
      JSON.stringify({
        monitoring: { export_file: metricsFile, check_interval: 1 },
        logging: { log_file: '' },
        metrics: { port: 0 },
        host: tree.host,
        ...changes,
      }),
    )
  write(config)
  const start = (...words: readonly string[]) => {
    const daemon = new SpawnedDaemon(BIN, ['--config', configFile, ...words])
    onTestFinished(async () => void (await daemon.end('SIGKILL')))
    return daemon
  }
  const cycles = () => (existsSync(metricsFile) ? JSON.parse(readFileSync(metricsFile, 'utf8')) : [])
  return { folder, tree, metricsFile, configFile, write, start, cycles }
}

/** A port that somebody listens on until `release`. */
async function takePort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, release: () => new Promise(resolve => server.close(() => resolve())) }
}

describe('lxc-monitor', () => {
  test('--once does one cycle and ends with 0', async () => {
    const { start, cycles, metricsFile } = setUp()
    const daemon = start('--once')
    expect(await daemon.ended()).toBe(0)
    expect(cycles()).toHaveLength(1)
    expect(cycles()[0]['101']).toMatchObject({ memory_limit_mb: 512, cpu_usage_percent: null })
    expect(cycles()[0]['101'].filesystem_total_gb).toBeGreaterThan(0)
    expect(existsSync(`${metricsFile}.pid`)).toBe(false)
  })

  test('--once ends with 1 when it has nothing to show', async () => {
    const { tree, start } = setUp()
    rmSync(join(tree.root, 'sys'), { recursive: true })
    const daemon = start('--once')
    expect(await daemon.ended()).toBe(1)
    expect(daemon.output).toContain('no cgroup tree there (host.cgroup)')
  })

  test('measures again and again, and stops cleanly when it is asked to', async () => {
    const { start, cycles, metricsFile } = setUp()
    const daemon = start()
    await daemon.says(/(cycle done[\s\S]*){2}/)
    expect(await daemon.end('SIGTERM')).toBe(0)
    expect(cycles().length).toBeGreaterThanOrEqual(2)
    expect(cycles()[1]['101'].cpu_cores_used).toBe(0)
    expect(existsSync(`${metricsFile}.pid`)).toBe(false)
  })

  test('--check-config says all that is wrong and ends with 78', async () => {
    const { start } = setUp({ monitoring: { check_interval: 0, eport_file: 'x' } })
    const daemon = start('--check-config')
    expect(await daemon.ended()).toBe(78)
    expect(daemon.output).toContain('monitoring.eport_file: unknown key; did you mean export_file?')
    expect(daemon.output).toContain('monitoring.check_interval')
  })

  test('takes over a new configuration, and refuses a wrong one', async () => {
    const { folder, start, write, configFile, cycles } = setUp()
    const daemon = start()
    await daemon.says(/cycle done/)
    writeFileSync(configFile, 'monitoring: {check_interval: 0}')
    daemon.process.kill('SIGHUP')
    await daemon.says(/new configuration refused/)
    const other = join(folder, 'other.json')
    write({ monitoring: { export_file: other, check_interval: 1 } })
    daemon.process.kill('SIGHUP')
    await daemon.says(/configuration re-read[\s\S]*cycle done/)
    expect(await daemon.end('SIGTERM')).toBe(0)
    expect(JSON.parse(readFileSync(other, 'utf8')).length).toBeGreaterThanOrEqual(1)
    expect(cycles().length).toBeGreaterThanOrEqual(1)
  })

  test('keeps the old configuration when the new one cannot be installed', async () => {
    const { folder, start, write } = setUp()
    const daemon = start()
    await daemon.says(/cycle done/)
    mkdirSync(join(folder, 'folder'))
    write({ monitoring: { export_file: join(folder, 'folder'), check_interval: 1 } })
    daemon.process.kill('SIGHUP')
    await daemon.says(/new configuration not taken over: .*is not a regular file[\s\S]*cycle done/)
    expect(await daemon.end('SIGTERM')).toBe(0)
  })

  test('refuses to write into the file of another one', async () => {
    const { start } = setUp()
    const first = start()
    await first.says(/cycle done/)
    const second = start('--once')
    expect(await second.ended()).toBe(1)
    expect(second.output).toContain(`held by process ${first.process.pid}`)
    await first.end('SIGTERM')
  })

  test('takes the lock of one that was killed, and goes on in its file', async () => {
    const { start, cycles } = setUp()
    const first = start()
    await first.says(/cycle done/)
    await first.end('SIGKILL')
    expect(await start('--once').ended()).toBe(0)
    expect(cycles().length).toBeGreaterThanOrEqual(2)
  })

  test('ends when its port is taken, for systemd to try again, and says what to do', async () => {
    const { port, release } = await takePort()
    onTestFinished(release)
    const { start } = setUp({ metrics: { port } })
    const daemon = start()
    expect(await daemon.ended()).toBe(1)
    expect(daemon.output).toContain(`metrics port ${port}`)
    expect(daemon.output).toContain('choose another, or 0 for none')
  })

  test.each(OTHERS)(
    'measures and waits while %s stands in the place of the metrics file at its start',
    async (_, make) => {
      const { start, metricsFile, cycles } = setUp()
      make(metricsFile)
      const daemon = start()
      await daemon.says(/(cycle done.* stored=false[\s\S]*){3}/)
      expect(daemon.output.match(/cannot write the metrics file/g)).toHaveLength(1)
      expect(daemon.output).toMatch(/is not a regular file|EACCES/)
      // A reload while it waits is heeded.
      daemon.process.kill('SIGHUP')
      await daemon.says(/configuration re-read[\s\S]*cycle done/)
      expect(daemon.output).not.toContain('not taken over')
      rmSync(metricsFile, { recursive: true })
      await daemon.says(/stored=true/)
      expect(cycles().length).toBeGreaterThanOrEqual(1)
      expect(await daemon.end('SIGTERM')).toBe(0)
    },
  )

  test('takes the lock as soon as it can, and ends when another monitor has it by then', async () => {
    const { start, metricsFile } = setUp()
    mkdirSync(`${metricsFile}.pid`)
    const daemon = start()
    await daemon.says(/(cycle done[\s\S]*){2}/)
    expect(daemon.output.match(/cannot lock the metrics file/g)).toHaveLength(1)
    rmdirSync(`${metricsFile}.pid`)
    const lock = acquireInstanceLock(`${metricsFile}.pid`)
    expect(await daemon.ended()).toBe(1)
    expect(daemon.output).toContain(`held by process ${process.pid}`)
    lock.release()
    mkdirSync(`${metricsFile}.pid`)
    const second = start()
    await second.says(/cycle done/)
    rmdirSync(`${metricsFile}.pid`)
    await vi.waitUntil(
      () => existsSync(`${metricsFile}.pid`) && readFileSync(`${metricsFile}.pid`, 'utf8') !== '',
      30_000,
    )
    expect(() => acquireInstanceLock(`${metricsFile}.pid`)).toThrow(`held by process ${second.process.pid}`)
    expect(await second.end('SIGTERM')).toBe(0)
  })

  test('keeps as many files open after many reloads as before them', async () => {
    const { start, write, metricsFile } = setUp()
    const daemon = start()
    const open = () => readdirSync(`/proc/${daemon.process.pid}/fd`).length
    await daemon.says(/(cycle done[\s\S]*){2}/)
    const before = open()
    const cycleSince = (length: number) =>
      vi.waitUntil(() => /re-read[\s\S]*cycle done/.test(daemon.output.slice(length)), { timeout: 30_000 })
    for (let reload = 1; reload <= 20; reload++) {
      const { length } = daemon.output
      write({ monitoring: { export_file: metricsFile, check_interval: 1, rolling_window: 10 + reload } })
      daemon.process.kill('SIGHUP')
      await cycleSince(length)
    }
    expect(open()).toBe(before)
    expect(await daemon.end('SIGTERM')).toBe(0)
  }, 120_000)

  test('goes on measuring when the cgroup tree is gone for a while', async () => {
    const { tree, start, cycles } = setUp()
    const daemon = start()
    await daemon.says(/cycle done/)
    rmSync(join(tree.root, 'sys'), { recursive: true })
    await daemon.says(/containers=0/)
    tree.start(101)
    await daemon.says(/containers=0[\s\S]*containers=1/)
    expect(await daemon.end('SIGTERM')).toBe(0)
    expect(cycles().at(-1)).toHaveProperty('101')
  })

  test('serves its figures on loopback, and only those', async () => {
    const { port: free, release } = await takePort()
    await release()
    const { start } = setUp({ metrics: { port: free } })
    const daemon = start()
    await daemon.says(/cycle done/)
    const reply = await fetch(`http://127.0.0.1:${free}/metrics`)
    const text = await reply.text()
    expect(reply.headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('lxc_monitor_containers 1')
    expect(text).toContain('lxc_container_memory_limit_bytes{vmid="101"} 536870912')
    expect((await fetch(`http://127.0.0.1:${free}/etc/passwd`)).status).toBe(404)
    await daemon.end('SIGTERM')
  })
})
