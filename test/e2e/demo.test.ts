import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ContainerConfigsBody, successBody } from '@lxc-autoscale/core'
import { afterEach, beforeEach, expect, test } from 'vitest'

const repository = new URL('../..', import.meta.url).pathname
/** Long enough for each kind of decision even while other tests take most of the machine; the first ones take ten seconds. */
const SECONDS = 35

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/demo-e2e-`)
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** Starts the demo with its temporary files below `directory`. */
function startDemo(...words: string[]) {
  const child = spawn(`${repository}scripts/demo`, words, {
    env: { ...process.env, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode, stdout, stderr }))
  return { child, ended, printed: () => stdout }
}

/** The first match of `pattern` in what the demo prints, as soon as it is there. */
async function untilPrinted(demo: ReturnType<typeof startDemo>, pattern: RegExp): Promise<string> {
  for (;;) {
    const match = pattern.exec(demo.printed())?.[1]
    if (match !== undefined) return match
    await Promise.race([
      once(demo.child.stdout, 'data'),
      demo.ended.then(({ stderr }) => Promise.reject(new Error(`the demo ended: ${stderr}`))),
    ])
  }
}

function expectNothingLeft(): void {
  expect(readdirSync(directory)).toEqual([])
  const left = readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && commandLine(pid).includes(directory))
  expect(left).toEqual([])
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It ended meanwhile.
    return ''
  }
}

test('the daemons grow and shrink cores and memory of pretend containers, and leave nothing behind', async () => {
  const demo = startDemo('--duration', String(SECONDS))
  const address = await untilPrinted(demo, /^dashboard: (http:\/\/127\.0\.0\.1:\d+)\/$/m)
  const key = await untilPrinted(demo, /^api key: (\S+)$/m)
  const configs = await fetch(`${address}/resource/lxc/configs`, { headers: { 'X-API-Key': key } })
  expect(successBody(ContainerConfigsBody).parse(await configs.json()).data.containers).toHaveLength(8)
  expect((await fetch(`${address}/resource/lxc/configs`)).status).toBe(401)

  const { exitCode, stdout, stderr } = await demo.ended
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const sums = /^\d+ decisions: cores (\d+) up, (\d+) down; memory (\d+) up, (\d+) down; \d+ not carried out$/m.exec(
    stdout,
  )
  const counts = sums?.slice(1).map(Number) ?? []
  expect(counts).toHaveLength(4)
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(1)
  expectNothingLeft()
})

test('Ctrl-C ends it with the table', async () => {
  const demo = startDemo('--containers', '2')
  await untilPrinted(demo, /^(decisions of the daemons)/m)
  demo.child.kill('SIGINT')
  const { exitCode, stdout } = await demo.ended
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^101 {2}shop /m)
  expectNothingLeft()
})
