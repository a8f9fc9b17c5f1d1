import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readConf } from './container-conf.mjs'
import { createContainer, destroyContainer, LXC_DIR, preferContainers, removeEmptyParents } from './containers.mjs'
import { balanceCpuSet } from './limits.mjs'

const run = promisify(execFile)
const NODE_NAME = 'e2e'
const RUN_DIR_PREFIX = '/var/tmp/lxc-autoscale-e2e-'
/** Room for so many containers per run in the numbers that belong to its process number. */
const VMIDS_PER_RUN = 16
const FIRST_VMID = 500_000_000
const PVESTATD_INTERVAL_MS = 1_000

/**
 * One run's share of this machine: a directory with what stands for /etc/pve and for Proxmox's commands, container numbers that
 * no other run uses, and a bridge. All its names come from the process number `pid`, so that any process can remove it.
 */
export class TestHost {
  #pvestatd
  #containers = []

  /** @param arePreferred whether the containers come before everything else on this machine, the daemons too */
  constructor(pid, { arePreferred = true } = {}) {
    this.pid = pid
    this.arePreferred = arePreferred
    this.dir = `${RUN_DIR_PREFIX}${pid}`
    this.pveDir = join(this.dir, 'pve')
    this.binDir = join(this.dir, 'bin')
    this.bridge = `lxcas${pid}`
  }

  get vmids() {
    return this.#containers.map(({ vmid }) => vmid)
  }

  /** Makes the directory, the commands and the bridge. */
  setUp() {
    // A run of the same process number may have been killed long ago.
    this.tearDown()
    const nodeDir = join(this.pveDir, 'nodes', NODE_NAME)
    for (const dir of [this.binDir, join(nodeDir, 'lxc')]) mkdirSync(dir, { recursive: true })
    symlinkSync(join('nodes', NODE_NAME, 'lxc'), join(this.pveDir, 'lxc'))
    writeFileSync(join(this.pveDir, '.members'), `${JSON.stringify({ nodename: NODE_NAME, version: 3 })}\n`)
    const pct = new URL('pct.mjs', import.meta.url).pathname
    const words = [process.execPath, pct, this.pveDir, LXC_DIR].map(word => `'${word}'`).join(' ')
    writeFileSync(join(this.binDir, 'pct'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 })
    ip('link', 'add', this.bridge, 'type', 'bridge')
    ip('link', 'set', this.bridge, 'up')
    this.#pvestatd = setInterval(() => {
      if (this.arePreferred) preferContainers()
      this.#balanceCpuSets()
    }, PVESTATD_INTERVAL_MS)
  }

  /** Makes and starts one container; gives its number. `spec`: {name, options, isUnprivileged}. */
  async addContainer(spec) {
    const index = this.#containers.length
    const vmid = firstVmid(this.pid) + index
    // Addresses of RFC 5737: they exist inside the containers' network namespaces only.
    const address = `192.0.2.${index + 1}`
    this.#containers.push({ vmid, address })
    createContainer(this.pveDir, { ...spec, vmid, address, bridge: this.bridge })
    // Another run that ends may just have removed the cgroups around the containers.
    await this.pct('start', vmid).catch(() => this.pct('start', vmid))
    return vmid
  }

  addressOf(vmid) {
    return this.#containers.find(container => container.vmid === vmid).address
  }

  /** Runs this host's `pct`; gives its standard output. */
  async pct(...args) {
    const { stdout } = await run(join(this.binDir, 'pct'), args.map(String), { timeout: 20_000 })
    return stdout
  }

  confOf(vmid) {
    return readConf(this.pveDir, vmid)
  }

  /** Remembers a process, so that a later run can end it if this one is killed. */
  rememberProcess(pid) {
    writeFileSync(join(this.dir, 'processes'), `${pid}\n`, { flag: 'a' })
  }

  /** Takes everything of this run off the machine. Synchronous, so that an exit handler can do it. */
  tearDown() {
    clearInterval(this.#pvestatd)
    this.#killProcesses()
    const first = firstVmid(this.pid)
    for (let vmid = first; vmid < first + VMIDS_PER_RUN; vmid++) {
      destroyContainer(vmid)
    }
    removeEmptyParents()
    spawnSync('ip', ['link', 'delete', this.bridge], { stdio: 'ignore' })
    spawnSync('swapoff', [join(this.dir, 'swap')], { stdio: 'ignore' })
    rmSync(this.dir, { recursive: true, force: true })
  }

  #balanceCpuSets() {
    for (const { vmid } of this.#containers) {
      const cores = this.confOf(vmid)?.get('cores')
      try {
        balanceCpuSet(vmid, cores === undefined ? undefined : Number(cores))
      } catch (error) {
        // The container is being started or stopped; the next pass finds it settled.
        if (!['ENOENT', 'ENODEV', 'EBUSY', 'ENOSPC'].includes(error.code)) throw error
      }
    }
  }

  #killProcesses() {
    const file = join(this.dir, 'processes')
    if (!existsSync(file)) return
    for (const pid of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      // The number may belong to somebody else by now: only a process that names this run's directory is ours.
      const commandLine = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
      if (commandLine.includes(this.dir)) process.kill(Number(pid), 'SIGKILL')
    }
  }
}

/** Removes what runs left behind that were killed. */
export function sweepKilledRuns() {
  const parent = RUN_DIR_PREFIX.slice(0, RUN_DIR_PREFIX.lastIndexOf('/'))
  for (const name of readdirSync(parent)) {
    const pid = Number(join(parent, name).slice(RUN_DIR_PREFIX.length))
    if (!join(parent, name).startsWith(RUN_DIR_PREFIX) || !Number.isInteger(pid) || existsSync(`/proc/${pid}`)) continue
    console.log(`# removing what run ${pid} left behind`)
    new TestHost(pid).tearDown()
  }
}

function firstVmid(pid) {
  return FIRST_VMID + pid * VMIDS_PER_RUN
}

function ip(...args) {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
}
