import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../../packages/simulator/src/index.ts'
import { failure, MISSING, makeHost, silent, type TestHost, usualHost } from '../unit/simulator/pretend-host.ts'

const repository = new URL('../..', import.meta.url).pathname

beforeAll(() => {
  execFileSync('npx', ['tsc', '-b', 'packages/simulator'], { cwd: repository })
}, 120_000)

describe('as a process', () => {
  interface Ended {
    readonly stdout: string
    readonly stderr: string
    readonly exitCode: number | null
  }

  function run(host: TestHost, words: readonly string[], { killAfterMs = 0 } = {}): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(`${host.root}/bin/pct`, words, { stdio: ['ignore', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', chunk => (stdout += chunk))
      child.stderr.on('data', chunk => (stderr += chunk))
      child.on('error', reject)
      child.on('close', exitCode => resolve({ stdout, stderr, exitCode }))
      if (killAfterMs > 0) setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    })
  }

  test('prints the same and ends with the same code as within this process', async () => {
    const host = await usualHost()
    expect(await run(host, ['list'])).toMatchObject(await host.pct('list'))
    expect(await run(host, ['status', '999'])).toMatchObject(failure(MISSING, 2))
  })

  test('twenty at once lose no change', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle' }])
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        run(host, ['set', '100', `-net${at + 1}`, `name=eth${at + 1},bridge=vmbr0`]),
      ),
    )
    expect(results.every(({ exitCode }) => exitCode === 0)).toBe(true)
    const { stdout } = await host.pct('config 100')
    for (let at = 1; at <= 20; at++) expect(stdout).toContain(`net${at}: name=eth${at},bridge=vmbr0,hwaddr=`)
  })

  test('killed at any moment, it leaves a configuration that is whole and a lock that is free', async () => {
    const host = await usualHost()
    for (let attempt = 0; attempt < 12; attempt++) {
      const cores = (attempt % 7) + 1
      await run(host, ['set', '100', '--cores', String(cores), '--memory', String(400 + attempt)], {
        killAfterMs: 30 + attempt * 5,
      })
      expect(host.conf(100)).toMatch(/^arch: amd64\ncores: [1-8]\n[^[]*\nunprivileged: 1\n$/)
      expect(await host.pct('set 100 --cores 8')).toEqual(silent)
    }
    await new Engine(host.root).step(10_001)
    expect(readFileSync(`${host.root}/sys/fs/cgroup/lxc/100/memory.max`, 'utf8')).toMatch(/^\d+\n$/)
  })

  test('hangs until it is killed when it is set to', async () => {
    const host = await usualHost({ faults: [{ command: 'pct', kind: 'hang' }] })
    const { exitCode, stdout } = await run(host, ['list'], { killAfterMs: 300 })
    expect({ exitCode, stdout }).toEqual({ exitCode: null, stdout: '' })
  })
})
