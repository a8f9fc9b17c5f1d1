import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The values in the files of a container that tests change. */
export interface GuestFiles {
  readonly usageUsec?: number
  readonly periods?: number
  readonly throttled?: number
  readonly cpuMax?: string
  readonly cpus?: string
  readonly currentBytes?: number
  readonly anonBytes?: number
  readonly fileBytes?: number
  readonly shmemBytes?: number
  readonly kernelBytes?: number
  readonly memoryMax?: string
  readonly oomKills?: number
  /** How often the container itself was out of memory; each kill is one of those unless it is said otherwise. */
  readonly ownOoms?: number
  readonly reads?: number
  readonly rxBytes?: number
  readonly swapBytes?: number
  /** Process numbers in each cgroup below the outer one. */
  readonly groups?: Readonly<Record<string, readonly number[]>>
}

const DEFAULTS = {
  usageUsec: 1_000_000,
  periods: 0,
  throttled: 0,
  cpuMax: 'max 100000',
  cpus: '0-1',
  currentBytes: 300 * 1_048_576,
  anonBytes: 100 * 1_048_576,
  fileBytes: 190 * 1_048_576,
  shmemBytes: 10 * 1_048_576,
  kernelBytes: 10 * 1_048_576,
  memoryMax: String(512 * 1_048_576),
  oomKills: 0,
  reads: 100,
  rxBytes: 1_000,
  swapBytes: 0,
}

/**
 * A Proxmox host with cgroup v2 as files below a directory, each with the text that the kernel would write. A change
 * goes into the file in place, as a kernel file changes: who holds it open sees the new text.
 */
export class HostTree {
  readonly root: string
  #asides = 0

  constructor(root: string) {
    this.root = root
    this.write('sys/fs/cgroup/cgroup.controllers', 'cpuset cpu io memory pids\n')
    mkdirSync(join(root, 'sys/fs/cgroup/lxc'))
    mkdirSync(join(root, 'etc/pve/lxc'), { recursive: true })
    this.write('proc/meminfo', 'MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 4194304 kB\nSwapTotal: 1048576 kB\n')
    this.write('proc/loadavg', '0.50 0.40 0.30 1/100 999\n')
    this.write('proc/stat', 'cpu  1 2\ncpu0 1 2\ncpu1 1 2\ncpu2 1 2\ncpu3 1 2\nintr 5\n')
    this.write('proc/diskstats', ' 259 0 nvme0n1 1 2\n 253 5 dm-5 1 2\n')
  }

  /** The section `host` of the configuration. */
  get host(): { proc: string; cgroup: string; pve: string } {
    const { root } = this
    return { proc: join(root, 'proc'), cgroup: join(root, 'sys/fs/cgroup'), pve: join(root, 'etc/pve') }
  }

  /** The number that the init of a container has on the host. */
  initPid(vmid: number): number {
    return vmid * 10
  }

  /** Configures a container; `lines` go into its live section. */
  configure(vmid: number, lines: readonly string[] = []): void {
    const text = ['arch: amd64', `hostname: ct${vmid}`, ...lines, '', '[before-upgrade]', 'template: 1', ''].join('\n')
    this.write(`etc/pve/lxc/${vmid}.conf`, text)
  }

  unconfigure(vmid: number): void {
    rmSync(join(this.root, `etc/pve/lxc/${vmid}.conf`))
  }

  /** Starts a container, also one that runs: then it is a new run, with another cgroup. */
  start(vmid: number, files: GuestFiles = {}): void {
    const folder = this.cgroup(vmid)
    const aside = `${folder}.${this.#asides++}`
    try {
      renameSync(folder, aside)
    } catch {
      // It did not run.
    }
    mkdirSync(join(folder, 'ns'), { recursive: true })
    rmSync(aside, { recursive: true, force: true })
    const pid = this.initPid(vmid)
    this.set(vmid, { groups: { 'ns/init.scope': [pid], 'ns/system.slice/a.service': [pid + 1, pid + 2] }, ...files })
    this.write(`proc/${pid}/status`, `Name:\tsystemd\nNSpid:\t${pid}\t1\n`)
    mkdirSync(join(this.root, `proc/${pid}/root`), { recursive: true })
  }

  stop(vmid: number): void {
    rmSync(this.cgroup(vmid), { recursive: true, force: true })
    rmSync(join(this.root, `proc/${this.initPid(vmid)}`), { recursive: true, force: true })
  }

  /** Sets what the files of a running container say; what is not named has its default. */
  set(vmid: number, files: GuestFiles): void {
    const all = { ...DEFAULTS, ...files }
    const ownOoms = all.ownOoms ?? all.oomKills
    const group = (name: string, text: string) => this.write(`sys/fs/cgroup/lxc/${vmid}/${name}`, text)
    group('cgroup.procs', '')
    group('ns/cgroup.procs', '')
    for (const [name, pids] of Object.entries(all.groups ?? {})) this.setProcesses(vmid, name, pids)
    group(
      'cpu.stat',
      `usage_usec ${all.usageUsec}\nuser_usec 1\nnr_periods ${all.periods}\nnr_throttled ${all.throttled}\n`,
    )
    group('cpu.max', `${all.cpuMax}\n`)
    group('cpuset.cpus.effective', `${all.cpus}\n`)
    group('memory.current', `${all.currentBytes}\n`)
    group('memory.stat', memoryStat(all))
    group('memory.max', `${all.memoryMax}\n`)
    group('memory.swap.current', `${all.swapBytes}\n`)
    group('memory.swap.max', 'max\n')
    group('memory.events', `low 0\nhigh 2\nmax 1\noom ${ownOoms}\noom_kill ${all.oomKills}\n`)
    group('memory.events.local', `low 0\nhigh 2\nmax 1\noom ${ownOoms}\noom_kill 0\n`)
    group('io.stat', `259:0 rbytes=1 wbytes=1 rios=${all.reads} wios=200 dbytes=0 dios=0\n`)
    for (const name of ['cpu', 'memory', 'io']) {
      group(
        `${name}.pressure`,
        'some avg10=1.50 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.50 avg60=0 avg300=0 total=1\n',
      )
    }
    this.write(`proc/${this.initPid(vmid)}/net/dev`, netDev(all.rxBytes))
  }

  /** The processes of one cgroup of a container, which is made when it is not there. */
  setProcesses(vmid: number, group: string, pids: readonly number[]): void {
    const above = group.split('/').slice(0, -1)
    above.forEach((_, at) => {
      const list = `sys/fs/cgroup/lxc/${vmid}/${above.slice(0, at + 1).join('/')}/cgroup.procs`
      if (!existsSync(join(this.root, list))) this.write(list, '')
    })
    this.write(`sys/fs/cgroup/lxc/${vmid}/${group}/cgroup.procs`, pids.map(pid => `${pid}\n`).join(''))
  }

  cgroup(vmid: number): string {
    return join(this.root, `sys/fs/cgroup/lxc/${vmid}`)
  }

  /** Writes a file below the root in place. */
  write(path: string, text: string): void {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

function memoryStat({ anonBytes, fileBytes, shmemBytes, kernelBytes }: typeof DEFAULTS): string {
  const lines = {
    anon: anonBytes,
    file: fileBytes,
    kernel: kernelBytes,
    kernel_stack: 0,
    pagetables: 0,
    sock: 0,
    shmem: shmemBytes,
    inactive_anon: shmemBytes,
    active_anon: anonBytes,
    inactive_file: fileBytes - shmemBytes,
    active_file: 0,
    unevictable: 0,
    slab_reclaimable: 0,
    slab_unreclaimable: 0,
  }
  return Object.entries(lines)
    .map(([key, value]) => `${key} ${value}\n`)
    .join('')
}

function netDev(rxBytes: number): string {
  const line = (name: string, bytes: number) =>
    `${name.padStart(6)}: ${bytes} 1 0 0 0 0 0 0 ${bytes * 2} 1 0 0 0 0 0 0\n`
  return `Inter-|   Receive | Transmit\n face |bytes packets |bytes packets\n${line('lo', 77)}${line('eth0', rxBytes)}${line('docker0', 5)}`
}
