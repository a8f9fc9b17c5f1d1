import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiDaemon, KEYS } from '../fakes/api-daemon.ts'

let api: ApiDaemon

beforeAll(async () => {
  api = await ApiDaemon.start({ containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }] })
})
afterAll(() => api.stop())

/** The commands that a page shows, as a person copies them from the browser. */
async function examplesOf(path: string): Promise<string[]> {
  const { text } = await api.ask(path)
  const unescaped = (html: string) =>
    html
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
  return [...text.matchAll(/<pre>(.*?)<\/pre>/gs)].map(([, html = '']) => unescaped(html))
}

/** A change that a reader must name, as none has the number of the example; and news, for which there is no target here. */
const NOT_FOR_EVERYBODY = [
  ['/undo', 404],
  ['/news/test', 409],
] as const

test.each(['/docs', '/'])('every command on %s works as it is written', async page => {
  const commands = await examplesOf(page)
  expect(commands.length).toBeGreaterThanOrEqual(25)
  for (const command of commands) {
    const { stdout, stderr, status } = spawnSync('bash', ['-c', `${command} -w '\\n%{http_code}'`], {
      env: { ...process.env, API_KEY: KEYS.admin },
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const answer = stdout.slice(0, stdout.lastIndexOf('\n'))
    const code = Number(stdout.slice(stdout.lastIndexOf('\n')))
    const [, expected] = NOT_FOR_EVERYBODY.find(([part]) => command.includes(part)) ?? ['', 200]
    expect(`${command}: ${code} ${answer}`).toContain(`${command}: ${expected} `)
  }
})
