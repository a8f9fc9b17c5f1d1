import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { demoCommand } from '../../../../packages/simulator/src/demo/demo-command.ts'
import { demoContainers } from '../../../../packages/simulator/src/demo/demo-containers.ts'
import { choosePort } from '../../../../packages/simulator/src/demo/free-port.ts'

async function run(...words: string[]) {
  let stdout = ''
  let stderr = ''
  const exitCode = await demoCommand(words, {
    print: text => {
      stdout += text
    },
    complain: text => {
      stderr += text
    },
    signal: AbortSignal.abort(),
    env: {},
    temporaryDirectory: '',
    programs: { monitor: '', model: '', api: '' },
  })
  return { stdout, stderr, exitCode }
}

test('--help explains every option', async () => {
  const { stdout, exitCode } = await run('--help')
  expect(exitCode).toBe(0)
  for (const option of ['--containers', '--duration', '--port', '--speed', '--seed']) expect(stdout).toContain(option)
})

test.each([
  [['--containers', '0'], "--containers is '0', expected 1 to 200"],
  [['--containers', 'x'], "--containers is 'x', expected a whole number"],
  [['--duration', '-1'], 'duration'],
  [['--duration', '0'], "--duration is '0', expected a number above 0"],
  [['--port', '70000'], "--port is '70000', expected 1 to 65535"],
  [['--speed', 'fast'], "--speed is 'fast', expected a number above 0"],
  [['--faster'], "Unknown option '--faster'"],
])('%j is refused with a reason and the usage', async (words, reason) => {
  const { stderr, exitCode } = await run(...words)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(reason)
  expect(stderr).toContain('Usage: scripts/demo')
})

test('a port that is taken is refused when it was asked for', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(choosePort(port)).rejects.toThrow(
    `port ${port} is taken by another program; choose another one with --port`,
  )
  await new Promise(resolve => server.close(resolve))
  expect(await choosePort(port)).toBe(port)
})

test('every container of the cast has a name and a number of its own', () => {
  const containers = demoContainers(20)
  expect(new Set(containers.map(({ vmid }) => vmid)).size).toBe(20)
  expect(new Set(containers.map(({ hostname }) => hostname)).size).toBe(20)
})
