import { exec, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import {
  AllocationBody,
  ContainerConfigsBody,
  HistoryBody,
  type HistoryEntryBody,
  OverviewBody,
  SeriesBody,
  successBody,
} from '@lxc-autoscale/core'
import { afterEach, beforeEach, expect, test } from 'vitest'

const repository = new URL('../..', import.meta.url).pathname

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

/** The cast of the demo, by number. */
const [SHOP, DATABASE, RADIO, WIKI, LEAKING, JOB, CRAWLED] = [101, 102, 103, 104, 106, 107, 108]
const LEAK_MAXIMUM_MB = 1_024
const HOST_CORES = 12

/** What the demo's API tells of it, while it runs. */
class Onlooker {
  readonly #address: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #startedMs = Date.now()
  /** When the daily job was seen to run first. */
  jobSeenMs: number | undefined

  constructor(address: string, key: string) {
    this.#address = address
    this.#headers = { 'X-API-Key': key }
  }

  async get(path: string): Promise<unknown> {
    return (await fetch(`${this.#address}${path}`, { headers: this.#headers })).json()
  }

  /** What was made of a container since the demo began, oldest first. */
  async changes(vmid: number): Promise<HistoryEntryBody[]> {
    const answer = await this.get(`/history?limit=200&lxc_id=${vmid}`)
    const { entries } = successBody(HistoryBody).parse(answer).data
    return entries.filter(({ time, outcome }) => Date.parse(time) >= this.#startedMs && outcome === 'applied').reverse()
  }

  async abnormal(vmid: number) {
    const since = new Date(this.#startedMs).toISOString()
    const answer = await this.get(`/series?lxc_id=${vmid}&since=${since}`)
    return successBody(SeriesBody).parse(answer).data.anomalies
  }

  /** Looks until the whole story has been seen. */
  async watch(): Promise<void> {
    for (;;) {
      const { rows } = successBody(OverviewBody).parse(await this.get('/overview')).data
      const job = rows.find(({ lxc_id }) => lxc_id === JOB)
      if ((job?.cores_used ?? 0) > 1) this.jobSeenMs ??= Date.now()
      const isSeen = await Promise.all([
        this.jobSeenMs !== undefined,
        this.changes(SHOP).then(changes => changes.length > 0),
        this.changes(DATABASE).then(changes => changes.length > 1),
        this.changes(LEAKING).then(changes => memoryAfter(changes.at(-1)) === LEAK_MAXIMUM_MB),
        this.changes(CRAWLED).then(changes => changes.length > 0),
        // The API looks now and then at what the model wrote, so that it knows of the end after the change that had waited for it.
        this.abnormal(CRAWLED).then(([strange]) => strange !== undefined && strange.until !== null),
        this.changes(RADIO).then(changes => changes.some(({ who }) => who.key === 'anna')),
        this.changes(WIKI).then(changes => changes.some(isUndo)),
      ])
      if (isSeen.every(Boolean)) return
      await new Promise(resolve => setTimeout(resolve, 1_000))
    }
  }
}

function memoryAfter(change: HistoryEntryBody | undefined): number | null | undefined {
  return AllocationBody.safeParse(change?.after).data?.memory_mb
}

function isUndo(change: HistoryEntryBody): boolean {
  return change.undo_of !== null && change.who.key === 'anna'
}

test('it shows what the product is for, within two minutes, and leaves nothing behind', {
  timeout: 400_000,
}, async () => {
  const demo = startDemo()
  const address = await untilPrinted(demo, /^dashboard: (http:\/\/127\.0\.0\.1:\d+)\/$/m)
  const key = await untilPrinted(demo, /^api key: (\S+)$/m)
  expect((await fetch(`${address}/resource/lxc/configs`)).status).toBe(401)
  const onlooker = new Onlooker(address, key)
  await Promise.race([
    onlooker.watch(),
    demo.ended.then(({ stdout, stderr }) => Promise.reject(new Error(`the demo ended: ${stdout}${stderr}`))),
  ])

  // The lines that it prints to be tried.
  const line = await untilPrinted(demo, /^ {2}(npx lxc-autoscale status .*)$/m)
  expect((await promisify(exec)(line, { cwd: repository })).stdout).toMatch(/^deciding: /)
  const curl = await untilPrinted(demo, /^ {2}(curl .*)$/m)
  expect(JSON.parse((await promisify(exec)(curl, { cwd: repository })).stdout)).toMatchObject({ status: 'success' })

  const raise = (await onlooker.changes(JOB)).find(({ asked }) => asked['cores'] !== undefined)
  expect(raise?.asked['cores'], 'cores for the job').toBeGreaterThan(2)
  expect(Date.parse(raise?.time ?? ''), 'provided for before it begins').toBeLessThan(onlooker.jobSeenMs ?? 0)

  const leak = await onlooker.changes(LEAKING)
  expect(leak.map(memoryAfter), 'a leak is followed').toEqual(
    leak.map(memoryAfter).toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  )

  const [strange] = await onlooker.abnormal(CRAWLED)
  const [shrink] = await onlooker.changes(CRAWLED)
  expect(strange?.until, 'an anomaly that is over').not.toBeNull()
  // When it was over is known to a look of the API at what the model wrote; that it was held is printed.
  expect(Date.parse(shrink?.time ?? ''), 'held by the anomaly').toBeGreaterThan(Date.parse(strange?.from ?? ''))
  expect(demo.printed()).toMatch(/^ +\d+\.\d s {2}108 files +held: cores and memory: not shrunk while it is abnormal/m)

  const radio = (await onlooker.changes(RADIO)).map(({ who }) => who.key)
  expect(radio.slice(radio.indexOf('anna')), "a person's change is left alone").toEqual(['anna'])
  expect((await onlooker.changes(WIKI)).findLastIndex(isUndo), 'nothing after the undo').toBe(
    (await onlooker.changes(WIKI)).length - 1,
  )
  const configs = await onlooker.get('/resource/lxc/configs')
  const { containers } = successBody(ContainerConfigsBody).parse(configs).data
  expect(
    containers.filter(({ cores }) => (cores ?? HOST_CORES) >= HOST_CORES),
    'the whole host',
  ).toEqual([])

  demo.child.kill('SIGINT')
  const { exitCode, stdout, stderr } = await demo.ended
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const rows = [...stdout.matchAll(/^(1\d\d) {2}.* MB +↑\d+ ↓\d+ +(\d+)\b/gm)].map(([, vmid, kills]) => [
    Number(vmid),
    Number(kills),
  ])
  expect(rows).toHaveLength(8)
  expect(
    rows.filter(([vmid, kills]) => kills !== 0 && vmid !== LEAKING),
    'kills',
  ).toEqual([])
  expectNothingLeft()
})
