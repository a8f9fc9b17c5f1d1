import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { onTestFinished } from 'vitest'
import {
  type CommandResult,
  type CommandTime,
  type ContainerSpec,
  createHost,
  type HostSpec,
  INSTANT,
  runPct,
} from '../../../packages/simulator/src/index.ts'

/** A command that ended well and said nothing. */
export const silent = { stdout: '', stderr: '', exitCode: 0 }
export const MISSING = "Configuration file 'nodes/pve/lxc/999.conf' does not exist\n"

/** A command that only said what is wrong. */
export function failure(stderr: string, exitCode = 255): CommandResult {
  return { stdout: '', stderr, exitCode }
}

/** The complaint about an option, and the usage of the command below it. */
export function parameterFailure(problem: string, usage: string, exitCode = 2): CommandResult {
  return failure(`400 Parameter verification failed.\n${problem}\npct ${usage}\n`, exitCode)
}

/** A running container 100 with 2 cores and 512 MB, and a stopped one 101. */
export async function usualHost(settings = {}): Promise<TestHost> {
  return await makeHost(
    [
      { vmid: 100, shape: 'idle', hostname: 'web', cores: 2, memoryMb: 512 },
      { vmid: 101, shape: 'idle', hostname: 'db.example.com', running: false },
    ],
    { settings },
  )
}

/** Memory if there is a file system of it: a host is some hundred small files. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** An empty directory that is gone after the test. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(`${scratch}/pretend-host-`)
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A pretend host on which nothing waits, with what a test asks of it. */
export async function makeHost(
  containers: readonly ContainerSpec[],
  { settings, ...spec }: Partial<HostSpec> = {},
): Promise<TestHost> {
  const root = scratchDirectory()
  await createHost({ root, seed: 7, containers, ...spec, settings: { ...INSTANT, ...settings } })
  return new TestHost(root)
}

/** Looks into a pretend host, and runs its `pct`. */
export class TestHost {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** `pct LINE`; words are separated by blanks, `'...'` keeps some together. */
  async pct(line: string, time?: CommandTime): Promise<CommandResult> {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    return await runPct(this.root, words, time)
  }

  /** The text of a file below the root. */
  text(path: string): string {
    return readFileSync(`${this.root}/${path}`, 'utf8')
  }

  /** The text of a file in a container's cgroup. */
  cgroup(vmid: number, name: string): string {
    return this.text(`sys/fs/cgroup/lxc/${vmid}/${name}`)
  }

  /** A number in a flat file of a container's cgroup, e.g. `usage_usec` of `cpu.stat`. */
  counter(vmid: number, name: string, key: string): number {
    return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(this.cgroup(vmid, name))?.[1] ?? Number.NaN)
  }

  /** The configuration file of a container. */
  conf(vmid: number): string {
    return this.text(`etc/pve/lxc/${vmid}.conf`)
  }

  inode(vmid: number): number {
    return statSync(`${this.root}/sys/fs/cgroup/lxc/${vmid}`).ino
  }
}

/** Time that only passes when a command waits. */
export class CommandClock implements CommandTime {
  #nowMs: number
  waitedMs = 0

  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  async sleep(ms: number): Promise<void> {
    this.waitedMs += Math.max(0, ms)
    this.#nowMs += Math.max(0, ms)
  }
}
