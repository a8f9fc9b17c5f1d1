import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { curlText, inputKey, referenceOf } from '../../packages/dashboard/src/docs/open-api.ts'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'

let api: ApiDaemon

beforeAll(async () => {
  api = await ApiDaemon.start({ containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }] })
})
afterAll(() => api.stop())

/** What a reader must name, as there is nothing of the example; and what needs something that this host has not. */
const NOT_FOR_EVERYBODY = [
  [/undo/, [200, 404]],
  [/news\/test/, [409]],
  [/what-if/, [202, 404, 409]],
  [/boost\/end/, [409, 404, 200]],
  [/explain/, [503]],
] as const

function run(command: string): Promise<{ text: string; status: number }> {
  return new Promise(resolve => {
    const shell = spawn('bash', ['-c', `${command} -w '\\n%{http_code}'`], {
      env: { ...process.env, API_KEY: KEYS.admin },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    shell.stdout.on('data', part => {
      text += part
      // That one has no end.
      if (command.includes('/events') && text.includes('event: overview')) shell.kill('SIGKILL')
    })
    shell.once('close', () => resolve({ text, status: Number(text.slice(text.lastIndexOf('\n'))) }))
  })
}

test('every command of the page of documents works as it is written', async () => {
  const { tags } = referenceOf((await api.ask('/openapi.json', { key: '' })).json)
  const operations = tags.flatMap(({ operations: of }) => of)
  expect(operations.length).toBeGreaterThanOrEqual(35)
  for (const operation of operations) {
    const values = new Map(operation.inputs.map(input => [inputKey(input), input.example]))
    const command = curlText(operation, values, api.url)
    const { text, status } = await run(command)
    if (command.includes('/events')) expect(text).toContain('event: overview\ndata: {"head"')
    else {
      const [, expected] = NOT_FOR_EVERYBODY.find(([path]) => path.test(command)) ?? [undefined, [200]]
      expect(expected, `${command}: ${text}`).toContain(status)
    }
  }
})
