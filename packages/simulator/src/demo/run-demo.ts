import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { type ContainerConfigBody, STATUS_FILE, statusFacts } from '@lxc-autoscale/core'
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { ModelConfig } from '@lxc-autoscale/model'
import { createHost, type PretendHost } from '../create-host.ts'
import { startEngine } from '../engine/run-engine.ts'
import { containerCgroup } from '../files/host-paths.ts'
import { readMemory } from '../kernel/memory-files.ts'
import { ApiClient } from './api-client.ts'
import { ChildDaemon } from './child-daemon.ts'
import { type DemoPlaces, modelConfig, modelState, writeDaemonConfigs } from './daemon-configs.ts'
import { type Decision, decisionLine, lineHead, toDecision } from './decision.ts'
import { type DemoContainer, demoContainers, demoHostSize } from './demo-containers.ts'
import type { DemoOptions } from './demo-options.ts'
import { choosePort, freePort } from './free-port.ts'
import { makeUpPast, pastSpan } from './made-up-past.ts'
import { moveIn } from './move-in.ts'
import { PERSON } from './past-container.ts'
import { Person } from './people.ts'
import { standingOf } from './standing.ts'
import { summaryTable } from './summary.ts'

/** What the demo needs of the process it runs in. */
export interface DemoSurroundings {
  print(text: string): void
  /** How wide the terminal is; undefined: it is none. */
  columns?(): number | undefined
  /** Aborted when the person has seen enough. */
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly programs: DaemonPrograms
  /** Directory for the pretend host and for what the daemons write. */
  readonly temporaryDirectory: string
}

/** The programs of the three daemons, as absolute paths. */
export interface DaemonPrograms {
  readonly monitor: string
  readonly model: string
  readonly api: string
}

const POLL_MS = 500
const START_MS = 60_000
/** Making the past up and starting the daemons takes so many times as long as starting this process. */
const START_FACTOR = 8

/**
 * Runs the demo to its end. Whatever happens, daemons and files are gone afterwards.
 * @throws {Error} with a text for people when it cannot run or a daemon ends before its time
 */
export async function runDemo(options: DemoOptions, surroundings: DemoSurroundings): Promise<void> {
  const { print, signal, env, programs, columns = () => undefined } = surroundings
  assertThere(programs)
  const port = await choosePort(options.port)
  const directory = makeDirectory(surroundings.temporaryDirectory)
  const stop = new AbortController()
  const daemons: ChildDaemon[] = []
  let engine: Promise<void> = Promise.resolve()
  try {
    const size = demoHostSize(options.containers)
    const key = () => randomBytes(12).toString('hex')
    mkdirSync(`${directory}/work`)
    const places: DemoPlaces = {
      host: `${directory}/host`,
      work: `${directory}/work`,
      port,
      metricsPorts: { monitor: await freePort(), model: await freePort() },
      keys: { demo: key(), model: key(), [PERSON]: key() },
    }
    const { containers, host, configs } = await prepare(options, places)
    const start = (name: string, program: string, configFile: string) => {
      const environment = { ...env, PATH: `${host.paths.bin}:${env['PATH'] ?? ''}` }
      daemons.push(
        new ChildDaemon({
          name,
          program,
          configFile,
          env: environment,
          directory: places.work,
        }),
      )
    }
    const api = new ApiClient(port, places.keys.demo)
    start('lxc-autoscale-api', programs.api, configs.api)
    await unlessOneEnds(daemons, untilAnswers(api, signal))
    engine = startEngine(host.root, { speed: options.speed, signal: stop.signal })
    const failedEngine = engine.then(() => new Promise<never>(() => undefined))
    start('lxc-monitor', programs.monitor, configs.monitor)
    start('lxc-autoscale-ml', programs.model, configs.model)
    if (signal.aborted) return
    print(banner(options, size, places))
    const person = new Person(new ApiClient(port, places.keys[PERSON]), containers)
    const statusFile = `${modelState(places)}/${STATUS_FILE}`
    const watched = watch({ api, person, statusFile, host, containers, options, print, columns, signal })
    await Promise.race([failedEngine, unlessOneEnds(daemons, watched)])
  } finally {
    await Promise.all(daemons.map(daemon => daemon.stop()))
    stop.abort()
    await engine.catch(() => undefined)
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Makes the past up, the pretend host as it left it, and what the daemons find when they are started. */
async function prepare(options: DemoOptions, places: DemoPlaces) {
  const { hostCores, hostMemoryMb } = demoHostSize(options.containers)
  const size = { cores: hostCores, memoryMb: hostMemoryMb }
  const made = demoContainers(options.containers, options.speed)
  const config = ModelConfig.parse(modelConfig(places))
  const endMs = Date.now() + untilStartMs()
  const past = makeUpPast({ containers: made, seed: options.seed, host: size, config, endMs })
  const { reachMs } = pastSpan(made.length)
  const containers = made.map(container => ({
    ...container,
    ...past.containers.get(container.vmid)?.size,
    upMs: container.past.hours === undefined ? reachMs : container.past.hours * MS_PER_HOUR,
  }))
  const host = await createHost({
    root: places.host,
    seed: options.seed,
    containers,
    upMs: reachMs + MS_PER_HOUR,
    hostCores,
    hostMemoryMb,
    settings: { keepsRrd: true },
  })
  await moveIn(past, { ...host, ...size }, places)
  return { containers, host, configs: writeDaemonConfigs(places, past.cycles.length) }
}

/** How long it is until everything runs, by how long this process took to come so far: that much longer on a busy machine. */
function untilStartMs(): number {
  return Math.min(MS_PER_MINUTE, START_FACTOR * process.uptime() * MS_PER_SECOND)
}

interface Watch {
  readonly api: ApiClient
  readonly person: Person
  /** Where the model says what it decided. */
  readonly statusFile: string
  readonly host: PretendHost
  readonly containers: readonly DemoContainer[]
  readonly options: DemoOptions
  print(text: string): void
  columns(): number | undefined
  readonly signal: AbortSignal
}

/** Prints decisions as they are made, and the summary when the time is over. */
async function watch({
  api,
  person,
  statusFile,
  host,
  containers,
  options,
  print,
  columns,
  signal,
}: Watch): Promise<void> {
  const startedMs = performance.now()
  const sinceStartMs = () => performance.now() - startedMs
  const before = await api.containers()
  // The made-up past may have had some.
  const killsBefore = killsOf(host, before)
  const known = new Set((await api.history()).map(({ id }) => id))
  const decisions: Decision[] = []
  const standing = new Map<number, Set<string>>()
  const say = (line: string) => print(`${clipped(line, columns())}\n`)
  const look = async () => {
    const fresh = (await api.history()).filter(({ id }) => !known.has(id))
    const seconds = sinceStartMs() / MS_PER_SECOND
    for (const entry of fresh) {
      known.add(entry.id)
      const decision = toDecision(entry)
      if (decision === undefined) continue
      decisions.push(decision)
      say(decisionLine(decision, seconds))
    }
    const { status } = statusFacts(statusFile)
    for (const each of status === undefined ? [] : standingOf(status)) {
      const said = standing.get(each.vmid) ?? new Set()
      if (!said.has(each.what)) say(`${lineHead(each, seconds)} ${each.why}`)
      standing.set(each.vmid, said.add(each.what))
    }
  }
  while (!signal.aborted && sinceStartMs() < (options.durationMs ?? Number.POSITIVE_INFINITY)) {
    await look()
    const problems = await person.act(sinceStartMs(), decisions)
    for (const problem of problems) say(`         ${PERSON}: ${problem}`)
    await pause(POLL_MS, signal)
  }
  await look()
  print(
    `\n${summaryTable({
      before,
      after: await api.containers(),
      decisions,
      shapes: new Map(containers.map(({ vmid, shape }) => [vmid, shape])),
      kills: new Map([...killsOf(host, before)].map(([vmid, kills]) => [vmid, kills - (killsBefore.get(vmid) ?? 0)])),
      standing,
    })}`,
  )
}

function clipped(line: string, columns = Number.POSITIVE_INFINITY): string {
  return line.length > columns ? `${line.slice(0, columns - 1)}…` : line
}

function killsOf(host: PretendHost, containers: readonly ContainerConfigBody[]): ReadonlyMap<number, number> {
  return new Map(
    containers.flatMap(({ lxc_id: vmid }) => {
      const cgroup = containerCgroup(host.paths, vmid)
      return existsSync(cgroup) ? [[vmid, readMemory(cgroup).memoryEvents.oomKill] as const] : []
    }),
  )
}

function banner(
  { containers, speed, durationMs }: DemoOptions,
  { hostCores, hostMemoryMb }: ReturnType<typeof demoHostSize>,
  { work, port, metricsPorts, keys }: DemoPlaces,
): string {
  const end =
    durationMs === undefined ? 'Ctrl-C ends it' : `it ends after ${durationMs / MS_PER_SECOND} s, or with Ctrl-C`
  const address = `http://127.0.0.1:${port}`
  return [
    `pretend Proxmox host with ${hostCores} cores and ${hostMemoryMb} MB, ${containers} ${containers === 1 ? 'container' : 'containers'}, loads ${speed} times as fast as the clock`,
    `dashboard: ${address}/`,
    `api key: ${keys.demo}`,
    'in another terminal, in this folder:',
    `  npx lxc-autoscale status --config-dir ${work}`,
    `  curl -s -H 'X-API-Key: ${keys.demo}' '${address}/history?limit=1'`,
    `for Prometheus: ${[port, metricsPorts.monitor, metricsPorts.model].map(each => `http://127.0.0.1:${each}/metrics`).join(' ')}`,
    `what the daemons decide (${end}):`,
    '',
  ].join('\n')
}

async function untilAnswers(api: ApiClient, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + START_MS
  while (!signal.aborted && !(await api.answers())) {
    if (performance.now() > deadlineMs)
      throw new Error(`lxc-autoscale-api did not answer within ${START_MS / MS_PER_SECOND} s`)
    await pause(POLL_MS / 5, signal)
  }
}

/** The outcome of `work`. @throws {Error} when a daemon ends first, with what it said last */
async function unlessOneEnds<T>(daemons: readonly ChildDaemon[], work: Promise<T>): Promise<T> {
  const end = Promise.race(daemons.map(daemon => daemon.ended)).then(({ name, how, lastLines }) => {
    throw new Error([`${name} ${how}; it said:`, ...lastLines.map(line => `    ${line}`)].join('\n'))
  })
  return await Promise.race([work, end])
}

function assertThere(programs: DaemonPrograms): void {
  for (const program of Object.values(programs)) {
    if (!existsSync(program)) throw new Error(`${program} is missing: run 'npm ci && npm run build' in the checkout`)
  }
}

function makeDirectory(parent: string): string {
  try {
    return mkdtempSync(`${parent}/lxc-autoscale-demo-`)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new Error(`cannot make a directory for the pretend host: ${problem}; set TMPDIR to one that can be written`)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
