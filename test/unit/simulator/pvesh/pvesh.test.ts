import { describe, expect, test } from 'vitest'
import { Engine, runPvecm, runPvesh } from '../../../../packages/simulator/src/index.ts'
import { makeHost, type TestHost, usualHost } from '../pretend-host.ts'

describe('pvesh', () => {
  const get = async (host: TestHost, path: string, ...more: string[]) => {
    const { stdout, stderr, exitCode } = await runPvesh(host.root, ['get', path, ...more, '--output-format', 'json'])
    return { value: stdout === '' ? undefined : JSON.parse(stdout), stderr, exitCode, stdout }
  }

  test('gives the state of the node in one line with sorted keys and the load as strings', async () => {
    const { stdout, value } = await get(await usualHost(), '/nodes/pve/status')
    expect(stdout.split('\n')).toHaveLength(2)
    expect(Object.keys(value)).toEqual([...Object.keys(value)].sort())
    expect(value.loadavg.map((item: unknown) => typeof item)).toEqual(['string', 'string', 'string'])
    expect(value).toMatchObject({
      cpu: 0,
      wait: 0,
      cpuinfo: { cpus: 8, family: '6', vendor: 'GenuineIntel' },
      memory: { total: 32_768 * 2 ** 20 },
    })
  })

  test('has cpu 0 for containers of the node, and a real one in the resources once pvestatd has looked twice', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'steady' }])
    const engine = new Engine(host.root)
    expect((await get(host, '/cluster/resources', '--type', 'vm')).value).toEqual([
      { id: 'lxc/100', node: 'pve', status: 'unknown', type: 'lxc', vmid: 100 },
    ])
    for (let second = 0; second < 21; second++) await engine.step(1_000)
    expect((await get(host, '/nodes/pve/lxc')).value[0].cpu).toBe(0)
    const [container] = (await get(host, '/cluster/resources', '--type', 'vm')).value
    expect(container).toMatchObject({ id: 'lxc/100', status: 'running', maxcpu: 2, template: 0 })
    expect(container.cpu).toBeGreaterThan(0.4)
    expect(container.cpu).toBeLessThan(0.7)
  })

  test('gives one node entry without a cluster', async () => {
    expect((await get(await usualHost(), '/cluster/status')).value).toMatchObject([
      { type: 'node', name: 'pve', nodeid: 0, local: 1, online: 1 },
    ])
  })

  test.each([
    ['/nodes/b/status', 255, 'proxy handler failed: ssh: connect to host 192.0.2.2 port 22: No route to host\n'],
    [
      '/nodes/foo/status',
      11,
      "hostname lookup 'foo' failed - failed to get address info for: foo: Name or service not known\n",
    ],
    ['/nothing', 1, "No 'get' handler defined for '/nothing'\n"],
  ])('%s ends with %i', async (path, exitCode, stderr) => {
    const host = await usualHost({ nodes: ['pve', 'b', 'c'], offlineNodes: ['b'] })
    expect(await get(host, path)).toMatchObject({ exitCode, stderr })
    expect(await get(host, '/nodes/c/status')).toMatchObject({ exitCode: 0 })
  })

  test('knows which nodes are up, in any order', async () => {
    const host = await usualHost({ nodes: ['pve', 'b'], offlineNodes: ['b'] })
    const { value } = await get(host, '/cluster/status')
    expect(value[0]).toMatchObject({ type: 'cluster', quorate: 1 })
    expect(value).toContainEqual(expect.objectContaining({ name: 'b', online: 0 }))
    expect(value).toContainEqual(expect.objectContaining({ name: 'pve', online: 1 }))
  })

  test('gives the version', async () => {
    expect((await get(await usualHost(), '/version')).value).toMatchObject({ release: '9.1', version: '9.1.4' })
  })
})

test('pvecm says that there is no cluster', async () => {
  const { stderr, exitCode } = await runPvecm((await usualHost()).root, ['status'])
  expect(stderr).toBe(
    "Error: Corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?\n",
  )
  expect(exitCode).not.toBe(0)
})
