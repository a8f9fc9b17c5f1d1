import { describe, expect, test } from 'vitest'
import { makeHost, usualHost } from '../../pretend-host.ts'

describe('exec', () => {
  test.each([
    ['true', 0, ''],
    ['false', 1, ''],
    ["sh -c 'exit 7'", 7, ''],
    ['echo hello there', 0, 'hello there\n'],
    ['hostname', 0, 'web\n'],
    ['cat /sys/fs/cgroup/memory.max', 0, 'max\n'],
  ])('%s ends as the inner command does', async (command, exitCode, stdout) => {
    expect(await (await usualHost()).pct(`exec 100 -- ${command}`)).toEqual({ stdout, stderr: '', exitCode })
  })

  test('shows the limit as the total memory, as lxcfs does', async () => {
    expect((await (await usualHost()).pct('exec 100 -- cat /proc/meminfo')).stdout).toMatch(/^MemTotal: +524288 kB\n/)
  })
})

test('cpusets prints the CPUs of each running container in columns', async () => {
  const host = await makeHost([{ vmid: 100, shape: 'idle', cores: 4 }], { hostCores: 4 })
  expect((await host.pct('cpusets')).stdout).toBe(['-------------', '100:  0 1 2 3', '-------------', ''].join('\n'))
})
