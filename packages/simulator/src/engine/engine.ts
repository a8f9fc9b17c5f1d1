import { appendFileSync } from 'node:fs'
import { MS_PER_SECOND, USEC_PER_MS } from '@lxc-autoscale/core/units'
import { type HostPaths, hostPaths } from '../files/host-paths.ts'
import { readIfThere } from '../files/json-file.ts'
import { writeBroadcast } from '../host/broadcast.ts'
import { isDown } from '../host/cluster-files.ts'
import { readConf } from '../host/container-conf.ts'
import { type HostIdentity, readIdentity } from '../host/host-identity.ts'
import { withKernel } from '../host/kernel-lock.ts'
import { writeUnixSockets } from '../host/lifecycle.ts'
import { type HostClock, readClock, readRun, runningVmids, writeClock, writeRun } from '../host/runs.ts'
import { type HostSettings, readSettings } from '../host/settings.ts'
import { formatCpuList } from '../kernel/cpu-list.ts'
import { writeKernelFile } from '../kernel/kernel-file.ts'
import { INNER_GROUP } from '../kernel/memory-files.ts'
import { currentBytes } from '../kernel/memory-state.ts'
import type { Traffic } from '../kernel/net-dev.ts'
import { RrdKeeper } from '../rrd/rrd-keeper.ts'
import { ContainerSim, type Intent } from './container-sim.ts'
import type { DiskCounters } from './container-state.ts'
import { cpusetPass } from './cpuset-pass.ts'
import { actForHighAvailability } from './high-availability.ts'
import { type HostFigures, parseHostFigures, rootCpuStat, stepHost, writeHostFiles } from './host-figures.ts'
import { RrdDump, sendRrdLines } from './rrd-dump.ts'
import { rrdLines } from './rrd-lines.ts'
import { shareCpu } from './share-cpu.ts'

/** Something that a person would find in the host's log. */
export type EngineEvent =
  | { readonly kind: 'oom-kill' | 'inner-oom-kill'; readonly vmid: number; readonly kills: number }
  | { readonly kind: 'cpuset'; readonly vmid: number; readonly cpus: readonly number[] }

export interface EngineOptions {
  /** How many times faster the workloads' clock runs than the host's. */
  readonly speed?: number
  /** Time of the machine; a test brings its own. */
  readonly nowMs?: () => number
}

/** How often `.rrd` is written anew at most. */
const RRD_DUMP_MS = MS_PER_SECOND

/**
 * Moves the kernel files of a pretend host. Time comes in as an argument of `step`, so that a test decides how much of it
 * passes. All figures are in the files: an engine that takes over from a killed one goes on where that one was.
 */
export class Engine {
  readonly #paths: HostPaths
  readonly #identity: HostIdentity
  readonly #speed: number
  readonly #nowMs: () => number
  readonly #rrd: RrdDump
  readonly #keeper: RrdKeeper
  #clock: HostClock
  #figures: HostFigures
  #sims: ReadonlyMap<number, ContainerSim> = new Map()
  #nextPassMs: number
  #nextDumpMs: number
  /** What the last broadcast counted from. */
  #last: { readonly uptimeMs: number; readonly busyUsec: number; readonly used: ReadonlyMap<number, number> }

  /** @throws {Error} when there is no pretend host in `root`. */
  constructor(root: string, { speed = 1, nowMs = Date.now }: EngineOptions = {}) {
    this.#paths = hostPaths(root)
    this.#identity = readIdentity(this.#paths)
    this.#speed = speed
    this.#nowMs = nowMs
    this.#rrd = new RrdDump(this.#paths, this.#identity)
    this.#keeper = new RrdKeeper(this.#paths)
    this.#clock = readClock(this.#paths)
    const text = (name: string) => readIfThere(`${this.#paths.proc}/${name}`) ?? ''
    this.#figures = parseHostFigures(text('stat'), text('loadavg'))
    this.#nextPassMs = this.#clock.uptimeMs + readSettings(this.#paths).cpusetPassMs
    this.#nextDumpMs = this.#clock.uptimeMs
    this.#last = { uptimeMs: this.#clock.uptimeMs, busyUsec: this.#figures.busyUsec, used: new Map() }
  }

  get clock(): HostClock {
    return this.#clock
  }

  /** Whether the host was started anew since this engine looked at it. */
  hasRebooted(): boolean {
    return readIdentity(this.#paths).bootedAtSeconds !== this.#identity.bootedAtSeconds
  }

  /** Lets `elapsedMs` of the host's time pass, if it has power; the workloads' time is that times the speed. */
  async step(elapsedMs: number): Promise<readonly EngineEvent[]> {
    if (isDown(readSettings(this.#paths), this.#identity)) return []
    await actForHighAvailability(this.#paths, this.#identity, this.#clock.uptimeMs + elapsedMs)
    const events = await withKernel(this.#paths.root, () => this.#stepLocked(elapsedMs))
    for (const event of events) appendFileSync(this.#paths.syslog, `${logLine(event, this.#clock)}\n`)
    return events
  }

  #stepLocked(elapsedMs: number): readonly EngineEvent[] {
    this.#clock = {
      uptimeMs: this.#clock.uptimeMs + elapsedMs,
      workloadMs: this.#clock.workloadMs + elapsedMs * this.#speed,
    }
    this.#findContainers()
    const settings = readSettings(this.#paths)
    const kills = this.#stepContainers(elapsedMs, settings)
    this.#writeHost(settings)
    writeClock(this.#paths, this.#clock)
    const changes = this.#passStatistics(settings)
    this.#dumpRrd(settings)
    return [...kills, ...changes]
  }

  /** Makes the list of simulated containers that of the running ones; another start of a container is another one. */
  #findContainers(): void {
    const vmids = runningVmids(this.#paths)
    const sims = new Map<number, ContainerSim>()
    for (const vmid of vmids) {
      const run = readRun(this.#paths, vmid)
      if (run === undefined) continue
      const known = this.#sims.get(vmid)
      const isSame = known?.run.startCount === run.startCount && known.run.initPid === run.initPid
      const sim = known !== undefined && isSame ? known : new ContainerSim(this.#paths, run)
      sim.refresh(run)
      sims.set(vmid, sim)
    }
    const hasChanged = sims.size !== this.#sims.size || [...sims].some(([vmid, sim]) => this.#sims.get(vmid) !== sim)
    this.#sims = sims
    if (hasChanged) writeUnixSockets(this.#paths)
  }

  #stepContainers(elapsedMs: number, { addedMemoryMb }: HostSettings): readonly EngineEvent[] {
    const intents: [ContainerSim, Intent][] = []
    for (const sim of this.#sims.values()) {
      const intent = sim.intend(this.#clock, elapsedMs * this.#speed, addedMemoryMb[sim.vmid])
      if (intent !== undefined) intents.push([sim, intent])
    }
    const shares = shareCpu(
      intents.map(([, intent]) => intent.claim),
      this.#identity.cores,
    )
    const events: EngineEvent[] = []
    intents.forEach(([sim, intent], at) => {
      const kills = sim.step(intent, shares[at] ?? 0, elapsedMs)
      sim.write()
      if (intent.innerKills > 0) events.push({ kind: 'inner-oom-kill', vmid: sim.vmid, kills: intent.innerKills })
      if (kills === 0) return
      events.push({ kind: 'oom-kill', vmid: sim.vmid, kills })
      restartWorkload(this.#paths, sim, this.#clock)
    })
    this.#figures = stepHost(this.#figures, {
      elapsedMs,
      usedCores: shares.reduce((sum, share) => sum + share, 0),
      runnable: intents.reduce((sum, [, intent]) => sum + intent.demand.cpuCores, 0),
    })
    return events
  }

  #broadcast({ rrdFormat, clockOffsetMs, keepsRrd }: HostSettings): void {
    const elapsedUsec = (this.#clock.uptimeMs - this.#last.uptimeMs) * USEC_PER_MS
    const used = new Map([...this.#sims].map(([vmid, sim]) => [vmid, cpuUsec(sim)]))
    const shares = [...used].flatMap(([vmid, usec]) => {
      const before = this.#last.used.get(vmid)
      const cores = allottedCores(this.#paths, this.#identity, vmid)
      return before === undefined || usec < before ? [] : [[vmid, (usec - before) / elapsedUsec / cores] as const]
    })
    const nodeCpu = (this.#figures.busyUsec - this.#last.busyUsec) / elapsedUsec / this.#identity.cores
    const cpu = Object.fromEntries(shares)
    writeBroadcast(this.#paths, { uptimeMs: this.#clock.uptimeMs, nodeCpu, cpu })
    const sentAtMs = this.#nowMs()
    const host = { paths: this.#paths, identity: this.#identity, format: rrdFormat }
    const clockSeconds = Math.trunc((sentAtMs + clockOffsetMs) / MS_PER_SECOND)
    const lines = rrdLines({ ...host, clockSeconds, nodeCpu, cpu })
    sendRrdLines(this.#paths, { sentAtMs, lines })
    if (keepsRrd) this.#keeper.keep(lines)
    this.#nextDumpMs = this.#clock.uptimeMs
    this.#last = { uptimeMs: this.#clock.uptimeMs, busyUsec: this.#figures.busyUsec, used }
  }

  #writeHost({ otherMemoryMb }: HostSettings): void {
    const sims = [...this.#sims.values()]
    writeHostFiles(this.#paths, this.#identity, {
      clock: this.#clock,
      figures: this.#figures,
      processes: sims.reduce((sum, sim) => sum + sim.run.pids.length, 0),
      memory: {
        containerBytes: sims.reduce((sum, sim) => sum + currentBytes(sim.state.memory), 0),
        cacheBytes: sims.reduce((sum, sim) => sum + sim.state.memory.cache, 0),
        otherMb: otherMemoryMb,
      },
      disk: sumOfDisks(sims),
      interfaces: sims.map(sim => [`veth${sim.vmid}i0`, swapped(sim.state.traffic)] as const),
    })
    writeKernelFile(`${this.#paths.cgroup}/cpu.stat`, rootCpuStat(this.#figures.busyUsec))
  }

  /** What pvestatd does every ten seconds: tell the cluster how busy everybody is, and look after the cpusets. */
  #passStatistics(settings: HostSettings): readonly EngineEvent[] {
    if (this.#clock.uptimeMs < this.#nextPassMs) return []
    this.#nextPassMs = this.#clock.uptimeMs + settings.cpusetPassMs
    this.#broadcast(settings)
    return cpusetPass(this.#paths, this.#identity).map(change => ({ kind: 'cpuset', ...change }))
  }

  #dumpRrd(settings: HostSettings): void {
    if (this.#clock.uptimeMs < this.#nextDumpMs) return
    this.#nextDumpMs = this.#clock.uptimeMs + RRD_DUMP_MS
    this.#rrd.refresh(settings, this.#nowMs())
  }
}

function sumOfDisks(sims: readonly ContainerSim[]): DiskCounters {
  const sum = (key: keyof DiskCounters) => sims.reduce((total, { state }) => total + state.disk[key], 0)
  return { readBytes: sum('readBytes'), writtenBytes: sum('writtenBytes'), reads: sum('reads'), writes: sum('writes') }
}

/** CPU time that a container has used, microseconds. */
function cpuUsec(sim: ContainerSim): number {
  return sim.state.cpu.userUsec + sim.state.cpu.systemUsec
}

/** CPUs that Proxmox counts for a container: `cores`, else `cpulimit`, else all. */
function allottedCores(paths: HostPaths, identity: HostIdentity, vmid: number): number {
  const values = readConf(paths, identity.node, vmid)?.conf.live.values ?? {}
  return Number(values['cores'] ?? values['cpulimit'] ?? 0) || identity.cores
}

/** The host's end of a container's cable: what one end sends, the other receives. */
function swapped({ rxBytes, rxPackets, txBytes, txPackets }: Traffic): Traffic {
  return { rxBytes: txBytes, rxPackets: txPackets, txBytes: rxBytes, txPackets: rxPackets }
}

/** The main process of a container was killed; its supervisor starts it again. */
function restartWorkload(paths: HostPaths, sim: ContainerSim, clock: HostClock): void {
  const run = { ...sim.run, workloadSinceMs: clock.workloadMs, workloadUptimeMs: clock.uptimeMs }
  writeRun(paths, run)
  sim.refresh(run)
}

function logLine(event: EngineEvent, { uptimeMs }: HostClock): string {
  const time = `[${(uptimeMs / MS_PER_SECOND).toFixed(3)}]`
  if (event.kind === 'cpuset')
    return `${time} pvestatd: modified cpu set for lxc/${event.vmid}: ${formatCpuList(event.cpus)}`
  const group = event.kind === 'oom-kill' ? '' : `/${INNER_GROUP}`
  return `${time} kernel: Memory cgroup out of memory: /lxc/${event.vmid}${group}: killed ${event.kills} process(es)`
}
