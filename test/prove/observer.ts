import {
  closeSync,
  constants,
  existsSync,
  type FSWatcher,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  watch,
} from 'node:fs'
import { HistoryEntryBody } from '@lxc-autoscale/core'
import type { JournalLine } from '@lxc-autoscale/simulator'
import { DAEMON_NAMES, type DaemonName } from './daemon-names.ts'
import type { Deed, HostCommandRun, Limits, ProcessSample, SeenEntry } from './record.ts'
import type { Site } from './site.ts'

const JOURNAL_EVERY_MS = 50
const AUDIT_EVERY_MS = 200
const SAMPLE_EVERY_MS = 2_000
const BYTES_PER_MB = 1_048_576
const BYTES_PER_GB = 1_073_741_824

interface OpenCommand extends HostCommandRun {
  readonly deeds: Deed[]
  endedMs: number | undefined
  exitCode: number | undefined
}

/** Watches a round: what commands do to the host, what the audit log says, what the processes hold. */
export class Observer {
  readonly commands: OpenCommand[] = []
  readonly audit: SeenEntry[] = []
  readonly samples: ProcessSample[] = []
  readonly #site: Site
  readonly #seenLines = new Set<string>()
  readonly #waiting = new Map<string, () => unknown>()
  readonly #waitingForDeeds = new Map<number, () => unknown>()
  readonly #timers: NodeJS.Timeout[] = []
  #watcher: FSWatcher | undefined
  /** The longest that a timer of ours was late. */
  machineLagMs = 0
  #journalBytes = 0
  #auditLookedMs = 0

  constructor(site: Site) {
    this.#site = site
    site.beforeStateDamage = () => this.lookAtAudit()
    site.onCommand = (words, act) => {
      if (act === undefined) this.#waiting.delete(words)
      else this.#waiting.set(words, act)
    }
    site.onDeed = (vmid, act) => {
      if (act === undefined) this.#waitingForDeeds.delete(vmid)
      else this.#waitingForDeeds.set(vmid, act)
    }
  }

  start(): void {
    // What is to happen in the same moment cannot wait for the next look.
    this.#watcher = watch(this.#site.host.paths.journal, () => this.readJournal())
    let expectedMs = performance.now() + JOURNAL_EVERY_MS
    const noteLag = () => {
      this.machineLagMs = Math.max(this.machineLagMs, performance.now() - expectedMs)
      expectedMs = performance.now() + JOURNAL_EVERY_MS
    }
    this.#timers.push(
      setInterval(noteLag, JOURNAL_EVERY_MS),
      setInterval(() => this.readJournal(), JOURNAL_EVERY_MS),
      setInterval(() => this.lookAtAudit(), AUDIT_EVERY_MS),
      setInterval(() => this.lookAtProcesses(), SAMPLE_EVERY_MS),
    )
  }

  stop(): void {
    this.#watcher?.close()
    for (const timer of this.#timers) clearInterval(timer)
    this.readJournal()
    this.lookAtAudit()
  }

  readJournal(): void {
    const { journal } = this.#site.host.paths
    if (!existsSync(journal)) return
    const handle = openSync(journal, 'r')
    try {
      const { size } = fstatSync(handle)
      const part = Buffer.alloc(size - this.#journalBytes)
      readSync(handle, part, 0, part.length, this.#journalBytes)
      const end = part.lastIndexOf(10) + 1
      this.#journalBytes += end
      for (const line of part.toString('utf8', 0, end).split('\n')) if (line !== '') this.#take(JSON.parse(line))
    } finally {
      closeSync(handle)
    }
  }

  #take(line: JournalLine): void {
    const atMs = line.atMs - this.#site.startMs
    if (line.kind === 'begin') {
      this.#begin(line, atMs)
      return
    }
    const command = this.commands.findLast(({ pid, endedMs }) => pid === line.pid && endedMs === undefined)
    if (command === undefined) return
    if (line.kind === 'end') {
      command.endedMs = atMs
      command.exitCode = line.exitCode
    } else this.#takeDeeds(command, deedsOf(line, atMs))
  }

  #takeDeeds(command: OpenCommand, deeds: readonly Deed[]): void {
    command.deeds.push(...deeds)
    for (const { vmid } of command.by === 'api' ? deeds : []) {
      const act = this.#waitingForDeeds.get(vmid)
      this.#waitingForDeeds.delete(vmid)
      void act?.()
    }
  }

  #begin(line: JournalLine & { readonly kind: 'begin' }, beganMs: number): void {
    const by = line.pid === process.pid ? 'person' : 'api'
    const { pid, command, words } = line
    this.commands.push({ by, pid, command, words, beganMs, endedMs: undefined, exitCode: undefined, deeds: [] })
    if (by === 'person') return
    const said = `${words.join(' ')} `
    for (const [start, act] of this.#waiting) {
      if (!said.startsWith(start)) continue
      this.#waiting.delete(start)
      void act()
    }
  }

  /** All lines that stand in the log now, and in its older parts, and were not seen before. */
  lookAtAudit(): void {
    const { stateDirectory } = this.#site
    const atMs = this.#site.nowMs()
    const names = readdirSync(stateDirectory).filter(name => /^(?:audit|not-made)\.jsonl(?:\.\d+)?$/.test(name))
    for (const name of names.sort().reverse()) {
      for (const line of linesOf(`${stateDirectory}/${name}`)) this.#takeEntry(line, atMs, name.startsWith('audit'))
    }
    this.#auditLookedMs = atMs
  }

  #takeEntry(line: string, atMs: number, isOfAudit: boolean): void {
    if (line === '' || this.#seenLines.has(line)) return
    this.#seenLines.add(line)
    const entry = HistoryEntryBody.safeParse(parseJson(line)).data
    if (entry === undefined) return
    const askedMs = entry.boot === undefined ? undefined : entry.boot.seconds * 1_000 - this.#site.startMs
    this.audit.push({ isOfAudit, afterMs: this.#auditLookedMs, atMs, askedMs, entry })
  }

  lookAtProcesses(): void {
    for (const daemon of DAEMON_NAMES) {
      for (const pid of this.#site.daemons[daemon].pids()) {
        const sample = sampleOf(daemon, pid, this.#site)
        if (sample !== undefined) this.samples.push(sample)
      }
    }
  }
}

function deedsOf(line: JournalLine, atMs: number): readonly Deed[] {
  if (line.kind === 'conf') {
    if (line.before === undefined) return []
    const [before, after] = [limitsOf(line.before), limitsOf(line.after)]
    const isSame = JSON.stringify(before) === JSON.stringify(after)
    return isSame ? [] : [{ kind: 'limits', atMs, vmid: line.vmid, before, after }]
  }
  if (line.kind === 'memory') {
    const { vmid, fromBytes, toBytes, floorBytes, kills } = line
    // JSON has no infinity.
    const fromMb = fromBytes === null ? Number.POSITIVE_INFINITY : fromBytes / BYTES_PER_MB
    return [
      { kind: 'memory', atMs, vmid, fromMb, toMb: toBytes / BYTES_PER_MB, floorMb: floorBytes / BYTES_PER_MB, kills },
    ]
  }
  if (line.kind === 'volume') {
    return [
      { kind: 'disk', atMs, vmid: line.vmid, fromGb: line.fromBytes / BYTES_PER_GB, toGb: line.toBytes / BYTES_PER_GB },
    ]
  }
  return []
}

function limitsOf(values: Readonly<Record<string, string>>): Limits {
  const number = (key: string) => (values[key] === undefined ? undefined : Number(values[key]))
  return { cores: number('cores'), cpulimit: number('cpulimit'), memoryMb: number('memory') }
}

/** Opened without waiting: a fault may have put a fifo there, or a device that never ends. */
export function linesOf(path: string): readonly string[] {
  let handle: number
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    // A rotation or a fault has moved it.
    return []
  }
  try {
    return fstatSync(handle).isFile() ? readFileSync(handle, 'utf8').split('\n').slice(0, -1) : []
  } finally {
    closeSync(handle)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Half a line, or rubbish that a fault has put there.
    return undefined
  }
}

function sampleOf(daemon: DaemonName, pid: number, site: Site): ProcessSample | undefined {
  try {
    const names = readdirSync(`/proc/${pid}/fd`)
    const targets = names.map(name => readlinkSync(`/proc/${pid}/fd/${name}`)).filter(target => target.startsWith('/'))
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const rssKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    const atMs = site.nowMs()
    return {
      atMs,
      daemon,
      pid,
      rssMb: rssKb / 1_024,
      descriptors: names.length,
      doubled: doubledOf(targets),
      children: children.length,
    }
  } catch {
    // It has just ended.
    return undefined
  }
}

/** Paths that are open more than once, or gone; those of devices are left out. */
function doubledOf(targets: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const target of targets) if (!target.startsWith('/dev/')) counts.set(target, (counts.get(target) ?? 0) + 1)
  return [...counts].filter(([, count]) => count > 1).map(([target, count]) => `${target} (${count} times)`)
}
