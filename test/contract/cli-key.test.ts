import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commandContext } from '../../packages/cli/src/commands/command-context.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const HISTORY = '{"status":"success","message":"","data":{"entries":[],"caller":{"key":"x","role":"read"}}}'
let headers: IncomingHttpHeaders = {}
let answer = HISTORY
const server = createServer((request, response) => {
  headers = request.headers
  response.setHeader('content-type', 'application/json')
  response.end(answer)
})
let url: string
let directory: string

beforeEach(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  directory = temporaryDirectory()
  answer = HISTORY
})
afterEach(() => new Promise(resolve => server.close(resolve)))

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

/** The key that a command with this configuration sends. */
async function sentKey(options = {}, environment = {}): Promise<unknown> {
  await commandContext({ configDir: directory, url, ...options }, environment).api.history({})
  return headers['x-api-key']
}

test('the key is that of the environment, else of the file that is named, else of the model', async () => {
  write('lxc_autoscale_ml.yaml', 'api: {api_key: key-in-the-settings}\n')
  const keyFile = write('mine', 'key-in-a-file\n')
  expect(await sentKey({ keyFile }, { LXC_AUTOSCALE_API_KEY: 'key-of-the-environment' })).toBe('key-of-the-environment')
  expect(await sentKey({ keyFile })).toBe('key-in-a-file')
  expect(await sentKey()).toBe('key-in-the-settings')
})

test('the key file of the model is the one that is configured, else the one beside the configuration', async () => {
  write('api.key', 'key-beside-it\n')
  expect(await sentKey()).toBe('key-beside-it')
  write('lxc_autoscale_ml.yaml', `api: {api_key_file: ${write('other.key', 'other-key\n')}}\n`)
  expect(await sentKey()).toBe('other-key')
})

test('the first key of a file counts, plain or with a name; comments and hashes are passed over', async () => {
  const hash = 'a'.repeat(64)
  write('api.key', `# keys\n\nsha256:${hash}\nops:admin:sha256:${hash}\nops:admin:the-key-of-ops\nplain-key\n`)
  expect(await sentKey()).toBe('the-key-of-ops')
})

test('without any key nothing is sent, and a named file must be there', async () => {
  expect(await sentKey()).toBeUndefined()
  expect(() => commandContext({ configDir: directory, keyFile: join(directory, 'none') }, {})).toThrow('ENOENT')
  const keyFile = write('empty', '# none\n')
  expect(() => commandContext({ configDir: directory, keyFile }, {})).toThrow(`--key-file: ${keyFile} holds no key`)
})

test('a configuration that is no YAML is named', () => {
  const file = write('lxc_autoscale_ml.yaml', 'api: [\n')
  expect(() => commandContext({ configDir: directory }, {})).toThrow(file)
})

test('another program that answers there is told from none', async () => {
  answer = '<html>'
  await expect(sentKey()).rejects.toMatchObject({ code: 'SCALING_API_MALFORMED' })
})
