import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const KIB_PER_MB = 1_024
const BYTES_PER_MB = 1_048_576
/** USER_HZ, which the kernel promises to programs on every architecture that Debian has. */
const TICKS_PER_SECOND = 100

/** Writes down, at each `sample`, what processes use and how large folders are. */
export class ProcessRecorder {
  /** Name -> samples {atSeconds, cpuPercent, rssMb, descriptors, threads}, of a folder {atSeconds, sizeMb}. */
  samples = {}
  #startMs = performance.now()
  #cpuSeconds = new Map()

  /** @param watched {processes: {name: () => pid}, folders: {name: path}}; a path may be that of a file */
  constructor(watched) {
    this.watched = watched
  }

  sample() {
    const atSeconds = (performance.now() - this.#startMs) / 1_000
    for (const [name, pidOf] of Object.entries(this.watched.processes)) {
      const usage = this.#usage(name, pidOf(), atSeconds)
      if (usage !== undefined) this.#keep(name, { atSeconds, ...usage })
    }
    for (const [name, path] of Object.entries(this.watched.folders))
      this.#keep(name, { atSeconds, sizeMb: sizeBytes(path) / BYTES_PER_MB })
  }

  #keep(name, sample) {
    this.samples[name] ??= []
    this.samples[name].push(sample)
  }

  /** Undefined for the first look at a process, and when it is not there. */
  #usage(name, pid, atSeconds) {
    const now = readProcess(pid)
    if (now === undefined) return undefined
    const before = this.#cpuSeconds.get(name)
    this.#cpuSeconds.set(name, { pid, atSeconds, cpuSeconds: now.cpuSeconds })
    if (before?.pid !== pid) return undefined
    const cpuPercent = (100 * (now.cpuSeconds - before.cpuSeconds)) / (atSeconds - before.atSeconds)
    return { cpuPercent, rssMb: now.rssMb, descriptors: now.descriptors, threads: now.threads }
  }
}

function readProcess(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const figure = key => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1])
    // The name in parentheses may hold anything, so count from behind it: utime and stime are the 12th and 13th.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      cpuSeconds: (Number(words[11]) + Number(words[12])) / TICKS_PER_SECOND,
      rssMb: figure('VmRSS') / KIB_PER_MB,
      threads: figure('Threads'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    }
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(error.code)) return undefined
    throw error
  }
}

/** Bytes of a file, or of all files below a folder; 0 when it is not there. */
function sizeBytes(path) {
  try {
    const found = statSync(path)
    if (!found.isDirectory()) return found.size
    return readdirSync(path).reduce((sum, name) => sum + sizeBytes(join(path, name)), 0)
  } catch (error) {
    if (error.code === 'ENOENT') return 0
    throw error
  }
}
