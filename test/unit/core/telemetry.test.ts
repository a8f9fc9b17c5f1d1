import { DaemonRegistry, Gauge, labels, listenForMetrics, VERSION } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'

async function listening<T>(use: (url: string, port: number) => Promise<T>): Promise<T> {
  const registry = new DaemonRegistry('lxc_autoscale_test', () => [
    {
      name: 'lxc_autoscale_test_used_cores',
      type: 'gauge',
      help: 'Another test.',
      series: [
        [labels({ vmid: 101, name: 'a"b' }), 0],
        [labels({ vmid: 102 }), undefined],
      ],
    },
  ])
  new Gauge({ name: 'lxc_autoscale_test_cores', help: 'A test.', registers: [registry] }).set(2)
  const listener = await listenForMetrics(registry, 0)
  try {
    return await use(`http://127.0.0.1:${listener.port}`, listener.port)
  } finally {
    await listener.close()
  }
}

test('serves the registry as Prometheus text', async () => {
  const text = await listening(async url => (await fetch(`${url}/metrics`)).text())
  expect(text).toContain('lxc_autoscale_test_cores 2\n')
  expect(text).toContain(`lxc_autoscale_test_build_info{version="${VERSION}"} 1\n`)
  expect(text.split('# TYPE lxc_autoscale_test_used_cores gauge\n')[1]).toBe(
    'lxc_autoscale_test_used_cores{vmid="101",name="a\\"b"} 0\n',
  )
})

test('answers nothing else', async () => {
  const statuses = await listening(async url => [
    (await fetch(`${url}/other`)).status,
    (await fetch(`${url}/metrics`, { method: 'POST' })).status,
  ])
  expect(statuses).toEqual([404, 405])
})

test('says that the port is taken', async () => {
  await listening(async (_, port) => {
    await expect(listenForMetrics(new DaemonRegistry('x'), port)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${port}`),
    })
  })
})
