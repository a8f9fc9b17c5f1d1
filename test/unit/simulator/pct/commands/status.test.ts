import { describe, expect, test } from 'vitest'
import { Engine } from '../../../../../packages/simulator/src/index.ts'
import { makeHost, silent, usualHost } from '../../pretend-host.ts'

describe('status', () => {
  test('is one line, exit code 0 whether the container runs or not', async () => {
    const host = await usualHost()
    expect(await host.pct('status 100')).toEqual({ ...silent, stdout: 'status: running\n' })
    expect(await host.pct('status 101')).toEqual({ ...silent, stdout: 'status: stopped\n' })
  })

  test('--verbose prints sorted keys and never cpu', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', tags: 'web', config: { swap: undefined } }])
    const { stdout } = await host.pct('status 100 --verbose')
    const keys = stdout.split('\n').flatMap(line => (line === '' ? [] : [line.split(':')[0]]))
    expect(keys).toEqual(
      (
        'cpus disk diskread diskwrite maxdisk maxmem maxswap mem name netin netout pid pressurecpufull pressurecpusome ' +
        'pressureiofull pressureiosome pressurememoryfull pressurememorysome status swap tags type uptime vmid'
      ).split(' '),
    )
    expect(stdout).toContain('maxmem: 1073741824\nmaxswap: 0\n')
  })

  test('--verbose of a stopped container has no pid, and the size of its disk', async () => {
    const host = await usualHost()
    const { stdout } = await host.pct('status 101 --verbose')
    expect(stdout).toContain('disk: 0\n')
    expect(stdout).toContain('maxdisk: 8589934592\n')
    expect(stdout).not.toMatch(/^(pid|pressure)/m)
  })

  test('counts network traffic at the host, where in and out are swapped', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady' }])
    await new Engine(host.root).step(5_000)
    const verbose = (await host.pct('status 100 --verbose')).stdout
    const inside = /eth0:\s+(\d+)/.exec((await host.pct('exec 100 -- cat /proc/net/dev')).stdout)?.[1]
    expect(Number(inside)).toBeGreaterThan(0)
    expect(verbose).toContain(`netin: ${inside}\n`)
    expect(/veth100i0:\s+(\d+)/.exec(host.text('proc/net/dev'))?.[1]).not.toBe(inside)
  })
})
