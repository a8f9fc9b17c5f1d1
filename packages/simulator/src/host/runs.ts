import { readdirSync, readFileSync, rmSync } from 'node:fs'
import type { HostPaths } from '../files/host-paths.ts'
import { isErrno, readIfThere, replaceJson, replaceText } from '../files/json-file.ts'
import { writeKernelFile } from '../kernel/kernel-file.ts'

/** One run of a container, from its start to its stop. */
export interface Run {
  readonly vmid: number
  readonly initPid: number
  readonly monitorPid: number
  /** All processes of the guest, the init first. */
  readonly pids: readonly number[]
  /** Seconds after the boot of the host, as /proc/uptime counts. */
  readonly startedAtSeconds: number
  /** How often this container was started on this host, this run included. */
  readonly startCount: number
  /** The workload's clock when its main process started, and the host's uptime: later than the container's after an OOM kill. */
  readonly workloadSinceMs: number
  readonly workloadUptimeMs: number
}

/** Time as the host and as the workloads count it. */
export interface HostClock {
  readonly uptimeMs: number
  readonly workloadMs: number
}

/** The run of a container; undefined when it is stopped. */
export function readRun(paths: HostPaths, vmid: number): Run | undefined {
  const text = readIfThere(runFile(paths, vmid))
  return text === undefined ? undefined : JSON.parse(text)
}

/** Containers that run, in the order of their numbers. */
export function runningVmids(paths: HostPaths): readonly number[] {
  try {
    return numbersIn(readdirSync(paths.runs))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** The numbers of names like `100.json` and `100.conf`, sorted; other names are left out. */
export function numbersIn(names: readonly string[]): readonly number[] {
  return names
    .flatMap(name => {
      const match = /^(\d+)\.(?:json|conf)$/.exec(name)
      return match === null ? [] : [Number(match[1])]
    })
    .sort((a, b) => a - b)
}

export function writeRun(paths: HostPaths, run: Run): void {
  replaceJson(runFile(paths, run.vmid), run)
}

export function removeRun(paths: HostPaths, vmid: number): void {
  rmSync(runFile(paths, vmid), { force: true })
}

/** The host's clock at the engine's last step. */
export function readClock(paths: HostPaths): HostClock {
  return JSON.parse(readFileSync(paths.clock, 'utf8'))
}

/** Longer than any clock, so that a write covers the one before it and a reader never sees half of each. */
const CLOCK_BYTES = 96

/** Sets the clock in place: many times a second, which is too often for a file of its own each time. */
export function writeClock(paths: HostPaths, clock: HostClock): void {
  const text = JSON.stringify(clock).padEnd(CLOCK_BYTES)
  if (!writeKernelFile(paths.clock, text)) replaceText(paths.clock, text)
}

function runFile(paths: HostPaths, vmid: number): string {
  return `${paths.runs}/${vmid}.json`
}
