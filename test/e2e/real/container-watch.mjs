import { join } from 'node:path'
import {
  allowedCores,
  cgroupPath,
  cgroupsBelow,
  cpuSeconds,
  IS_UNIFIED,
  keyedNumber,
  memoryLimitMb,
  processIds,
  readText,
} from '../lxc/kernel-files.mjs'

const INTERVAL_MS = 250
const BYTES_PER_MB = 1_048_576

/** Processes of the container that the kernel killed for want of memory since it was started. */
export function oomKills(vmid) {
  if (IS_UNIFIED) return keyedNumber(cgroupPath('memory', vmid, 'memory.events'), 'oom_kill') ?? 0
  // With v1 each cgroup counts its own.
  const folders = cgroupsBelow(cgroupPath('memory', vmid))
  return folders.reduce((sum, folder) => sum + (keyedNumber(join(folder, 'memory.oom_control'), 'oom_kill') ?? 0), 0)
}

/** The oldest process of that name in the container; undefined when there is none. */
export function mainProcess(vmid, name) {
  const isIt = pid => readText(`/proc/${pid}/comm`) === name
  return processIds(vmid)
    .toSorted((a, b) => startTime(a) - startTime(b))
    .find(isIt)
}

function startTime(pid) {
  const stat = readText(`/proc/${pid}/stat`) ?? ''
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}

/** Writes down, four times a second, what the kernel allows each container and what it uses; nothing of this asks the daemons. */
export class ContainerWatch {
  /** vmid -> samples {atMs, memoryLimitMb, memoryMb, kills, cores, coresUsed}; atMs is that of performance.now(). */
  samples = new Map()
  #timer
  #cpuBefore = new Map()

  constructor(vmids) {
    for (const vmid of vmids) this.samples.set(vmid, [])
    this.#timer = setInterval(() => this.#sample(), INTERVAL_MS)
  }

  stop() {
    clearInterval(this.#timer)
  }

  /** Each time that the kernel's limits of the container became others: {atMs, kind, from, to}. */
  changes(vmid) {
    const samples = this.samples.get(vmid)
    return samples.slice(1).flatMap((now, at) => {
      const [before, { atMs }] = [samples[at], now]
      const change = (name, from, to) =>
        from === to ? [] : [{ atMs, kind: `${name} ${to > from ? 'up' : 'down'}`, from, to }]
      return [...change('memory', before.memoryLimitMb, now.memoryLimitMb), ...change('cores', before.cores, now.cores)]
    })
  }

  /** Each time that something was killed in it: {limitMb, secondsSinceShrink}, the latter undefined if memory never shrank. */
  kills(vmid) {
    const samples = this.samples.get(vmid)
    const shrinks = this.changes(vmid).filter(({ kind }) => kind === 'memory down')
    return samples.slice(1).flatMap(({ atMs, kills, memoryLimitMb: limitMb }, at) => {
      if (kills <= samples[at].kills) return []
      const shrink = shrinks.findLast(change => change.atMs <= atMs)
      return [{ limitMb, secondsSinceShrink: shrink && Math.round((atMs - shrink.atMs) / 1_000) }]
    })
  }

  #sample() {
    for (const [vmid, samples] of this.samples) {
      const [atMs, seconds, cores] = [performance.now(), cpuSeconds(vmid), allowedCores(vmid)]
      const limitMb = memoryLimitMb(vmid)
      // pvestatd is at work on its CPU set, or it is not running.
      if (seconds === undefined || cores === undefined || limitMb === undefined) continue
      const before = this.#cpuBefore.get(vmid)
      this.#cpuBefore.set(vmid, { atMs, seconds })
      if (before === undefined) continue
      samples.push({
        atMs,
        memoryLimitMb: limitMb,
        memoryMb: memoryUsedMb(vmid),
        kills: oomKills(vmid),
        cores,
        coresUsed: (seconds - before.seconds) / ((atMs - before.atMs) / 1_000),
      })
    }
  }
}

/** Without the page cache, but with what lies in a tmpfs. */
export function memoryUsedMb(vmid) {
  const figures = IS_UNIFIED ? ['anon', 'shmem'] : ['total_rss', 'total_shmem']
  const path = cgroupPath('memory', vmid, 'memory.stat')
  return figures.reduce((sum, figure) => sum + (keyedNumber(path, figure) ?? 0), 0) / BYTES_PER_MB
}
