import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demoCommand } from '../../packages/simulator/src/demo/demo-command.ts'

/** Stands in for the API: answers what the demo asks, with one decision in its history from the second look on. */
const API = `
import { createServer } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'
const config = JSON.parse(readFileSync(process.argv[3], 'utf8'))
writeFileSync(process.env.PIDS + '/' + process.pid, 'api')
const allocation = { cores: 1, cpulimit: null, memory_mb: 768, swap_mb: 0 }
const container = { ...allocation, lxc_id: 101, vm_id: 101, name: 'shop', status: 'running', in_force: allocation,
  lock: null, ha_managed: false, template: false, tags: [], uptime_seconds: 5 }
const entry = { id: 'a', time: new Date().toISOString(), duration_seconds: 1, action: 'scale', lxc_id: 101, name: 'shop',
  who: { key: 'model', role: 'scale', address: '127.0.0.1' }, asked: { cores: 2 }, before: allocation,
  after: { ...allocation, cores: 2 }, why: 'CPU at 97 %', force: false, outcome: 'applied', error: null, message: '',
  undo_of: null, idempotency_key: '0123456789abcdef-101-1' }
const answers = { '/history': { entries: [entry], caller: { key: 'demo', role: 'admin' } },
  '/resource/lxc/configs': { containers: [container], failed: [] } }
let looks = 0
const server = createServer((request, response) => {
  const path = request.url.split('?')[0]
  const isFirstLook = path === '/history' && looks++ === 0
  const data = isFirstLook ? { ...answers[path], entries: [] } : answers[path]
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ status: 'success', message: '', data }))
})
server.listen(config.server.port, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`
const IDLE = `
import { writeFileSync } from 'node:fs'
writeFileSync(process.env.PIDS + '/' + process.pid, 'idle')
setInterval(() => {}, 1000)
process.on('SIGTERM', () => process.exit(0))
`
const STUBBORN = IDLE.replace('process.exit(0)', '{}')
const BROKEN = `console.error('cannot read /proc: no luck today'); process.exit(78)`

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/demo-test-`)
  mkdirSync(`${directory}/tmp`)
  mkdirSync(`${directory}/pids`)
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function program(name: string, text: string): string {
  const file = `${directory}/${name}.mjs`
  writeFileSync(file, text)
  return file
}

interface Scene {
  readonly monitor?: string
  readonly model?: string
  readonly words?: readonly string[]
  /** Called with everything printed so far, each time something is. */
  onPrint?(text: string, stop: AbortController): void
}

async function run({ monitor = IDLE, model = IDLE, words = [], onPrint }: Scene) {
  const stop = new AbortController()
  let stdout = ''
  let stderr = ''
  const exitCode = await demoCommand(['--containers', '1', ...words], {
    print: text => {
      stdout += text
      onPrint?.(stdout, stop)
    },
    complain: text => {
      stderr += text
    },
    signal: stop.signal,
    env: { PATH: process.env['PATH'], PIDS: `${directory}/pids` },
    temporaryDirectory: `${directory}/tmp`,
    programs: { api: program('api', API), monitor: program('monitor', monitor), model: program('model', model) },
  })
  return { exitCode, stdout, stderr }
}

function expectNothingLeft(): void {
  expect(readdirSync(`${directory}/tmp`)).toEqual([])
  for (const pid of readdirSync(`${directory}/pids`)) expect(isAlive(pid), `process ${pid}`).toBe(false)
}

/** A process that ended but was not waited for yet is gone as well. */
function isAlive(pid: string): boolean {
  if (!existsSync(`/proc/${pid}`)) return false
  return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
}

test('ends by itself with a table, exit code 0, and leaves nothing', async () => {
  const { exitCode, stdout, stderr } = await run({ words: ['--duration', '1'] })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/^dashboard: http:\/\/127\.0\.0\.1:\d+\/$/m)
  expect(stdout).toMatch(/^api key: [0-9a-f]{24}$/m)
  expect(stdout).toMatch(/^ {2}npx lxc-autoscale status --config-dir \/\S+\/work$/m)
  expect(stdout).toMatch(/ s {2}101 shop {7}↑ cores 1 → 2 +CPU at 97 %$/m)
  expect(stdout).toMatch(/^101 {2}shop {2}ramp /m)
  expectNothingLeft()
})

test('ends the same way when it is interrupted', async () => {
  const { exitCode, stdout } = await run({ onPrint: (text, stop) => text.includes('↑ cores') && stop.abort() })
  expect(exitCode).toBe(0)
  expect(stdout).toContain('1 decision: cores 1 up, 0 down')
  expectNothingLeft()
})

test('a daemon that ends before its time is named, with its last words', async () => {
  const { exitCode, stderr } = await run({ model: BROKEN })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('lxc-autoscale-ml ended with exit code 78; it said:\n    cannot read /proc: no luck today\n')
  expectNothingLeft()
})

test('a daemon that does not stop is killed', async () => {
  const { exitCode } = await run({ monitor: STUBBORN, words: ['--duration', '0.2'] })
  expect(exitCode).toBe(0)
  expectNothingLeft()
})

test('a directory that cannot be made is explained', async () => {
  rmSync(`${directory}/tmp`, { recursive: true })
  const { exitCode, stderr } = await run({})
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(
    /^demo: cannot make a directory for the pretend host: .*; set TMPDIR to one that can be written\n$/,
  )
})
