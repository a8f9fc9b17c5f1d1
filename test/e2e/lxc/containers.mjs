import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { writeConf } from './container-conf.mjs'
import { CGROUP_ROOT, cgroupsBelow, hierarchies, IS_UNIFIED, processesBelow } from './kernel-files.mjs'

/** Where LXC keeps its containers, also on a Proxmox host. */
export const LXC_DIR = '/var/lib/lxc'
const FIRST_UNPRIVILEGED_ID = 100_000
const END_TIMEOUT_MS = 5_000
/** Twenty times the share of a process outside (the kernel's defaults are 1024 and, with cgroup v2, 100). */
const PREFERRED_CPU_SHARES = 20_480
const PREFERRED_CPU_WEIGHT = 2_000

/** First process of a guest: unlike an init of a distribution it ends at once when LXC asks it to. */
function initScript(service) {
  return `#!/bin/sh
trap 'exit 0' PWR TERM USR1
${service === undefined ? '' : `(${service}) >/service.log 2>&1 </dev/null &`}
while :; do sleep 3600 & wait $!; done
`
}

/**
 * Makes a container without starting it: a guest with its own root file system, a tmpfs on /tmp and one network device on
 * `bridge`, in the cgroups that Proxmox would use.
 * @param spec {vmid, name, options, isUnprivileged, address, bridge, debian}; options are those of Proxmox's configuration. With
 *   `debian` {base, service, files} it is a copy on write of the tree `base` that runs the shell script `service`; without, busybox.
 */
export function createContainer(pveDir, spec) {
  const { vmid, name, options, isUnprivileged, address, bridge, debian } = spec
  const folder = join(LXC_DIR, String(vmid))
  const rootfs = join(folder, 'rootfs')
  if (debian === undefined) makeRootfs(rootfs, isUnprivileged ? FIRST_UNPRIVILEGED_ID : 0)
  else for (const [path, text] of Object.entries(debian.files ?? {})) writeBelow(rootfs, path, text)
  writeBelow(rootfs, 'guest-init', initScript(debian?.service), 0o755)
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'container'), lxcConfig(folder, spec))
  writeFileSync(join(folder, 'attach-to-bridge'), attachScript(spec), { mode: 0o755 })
  const fixed = {
    arch: 'amd64',
    net0: `name=eth0,bridge=${bridge},ip=${address}/24,type=veth`,
    ostype: 'unmanaged',
    rootfs: `local:${vmid}/vm-${vmid}-disk-0.raw,size=1G`,
    swap: '0',
  }
  const unprivileged = isUnprivileged ? { unprivileged: '1' } : {}
  writeConf(pveDir, vmid, new Map(Object.entries({ ...fixed, hostname: name, ...unprivileged, ...options })))
}

function makeRootfs(rootfs, ownerId) {
  for (const name of ['bin', 'usr', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'run', 'var']) {
    mkdirSync(join(rootfs, name), { recursive: true })
    chownSync(join(rootfs, name), ownerId, ownerId)
  }
  // A guest without these has no PATH that lxc-attach's environment would find programs on.
  symlinkSync('../bin', join(rootfs, 'usr/bin'))
  symlinkSync('bin', join(rootfs, 'sbin'))
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'))
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  spawnSync('chroot', [rootfs, '/bin/busybox', '--install', '-s', '/bin'])
}

function writeBelow(rootfs, path, text, mode = 0o644) {
  const file = join(rootfs, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { mode })
}

function lxcConfig(folder, { vmid, name, isUnprivileged, address, debian }) {
  const idMap = `0 ${FIRST_UNPRIVILEGED_ID} 65536`
  return `lxc.uts.name = ${name}
lxc.rootfs.path = ${debian === undefined ? 'dir' : `overlay:${debian.base}`}:${folder}/rootfs
lxc.init.cmd = /guest-init
lxc.autodev = 1
lxc.tty.max = 0
lxc.cap.drop = sys_module mac_admin mac_override sys_time sys_rawio
lxc.mount.auto = cgroup:mixed proc:mixed sys:mixed
lxc.mount.entry = tmpfs tmp tmpfs rw,size=512m 0 0
lxc.apparmor.profile = unconfined
lxc.cgroup.relative = 0
lxc.cgroup.dir.monitor = lxc.monitor/${vmid}
lxc.cgroup.dir.container = lxc/${vmid}
lxc.cgroup.dir.container.inner = ns
lxc.net.0.type = veth
lxc.net.0.name = eth0
lxc.net.0.veth.pair = ${hostLink(vmid)}
lxc.net.0.flags = up
lxc.net.0.script.up = ${folder}/attach-to-bridge
lxc.net.0.ipv4.address = ${address}/24
${isUnprivileged ? `lxc.idmap = u ${idMap}\nlxc.idmap = g ${idMap}\n` : ''}`
}

/** LXC's own option for this looks for the bridge in the /sys of another network namespace. */
function attachScript({ vmid, bridge }) {
  return `#!/bin/sh\nexec ip link set ${hostLink(vmid)} master ${bridge}\n`
}

/** Name of the host's end of the container's network device, as Proxmox names it. */
export function hostLink(vmid) {
  return `veth${vmid}i0`
}

/**
 * Starts a shell script in the container and gives a function that ends it and everything it started. The script's standard
 * input ends with this process, so that nothing goes on in the container when the test program is killed.
 */
export function runInContainer(vmid, script) {
  const wrapped = `(${script}) </dev/null & trap 'kill -9 -$$' EXIT; read _`
  const command = ['-P', LXC_DIR, '-n', String(vmid), '--', 'setsid', 'sh', '-c', wrapped]
  const child = spawn('lxc-attach', command, { stdio: ['pipe', 'ignore', 'ignore'] })
  child.on('error', () => {})
  return async function end() {
    child.stdin.destroy()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

/** A script that holds so much anonymous memory: dd fills a buffer of that size, and nobody reads what it then writes. */
export function holdAnonymous(sizeMb) {
  return `dd if=/dev/zero bs=${sizeMb}M count=1 2>/dev/null | sleep 1000`
}

/**
 * Ends a container and removes everything that it left on the machine. Needs nothing of LXC, whose command socket may be in the
 * network namespace of a run that was killed.
 */
export function destroyContainer(vmid) {
  killCgroup('lxc', vmid)
  // LXC's monitor ends by itself after its container, and removes the cgroups; but not if something is wrong with it.
  if (!waitUntil(() => processesBelow('lxc.monitor', vmid).length === 0)) killCgroup('lxc.monitor', vmid)
  const isGone = waitUntil(() => ['lxc', 'lxc.monitor'].every(parent => removeCgroups(parent, vmid)))
  if (!isGone) console.log(`# the cgroups of ${vmid} could not be removed`)
  rmSync(join(LXC_DIR, String(vmid)), { recursive: true, force: true })
}

function killCgroup(parent, vmid) {
  for (const pid of processesBelow(parent, vmid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
}

/** Waits, without giving way to anything else; whether it came true within the time limit. */
function waitUntil(isTrue) {
  const deadlineMs = performance.now() + END_TIMEOUT_MS
  while (!isTrue()) {
    if (performance.now() > deadlineMs) return false
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
  return true
}

/** Whether all of them are gone. A cgroup is busy for a moment after its last process has ended. */
function removeCgroups(parent, vmid) {
  const folders = hierarchies().flatMap(root => cgroupsBelow(join(root, parent, String(vmid))))
  for (const folder of folders.reverse()) removeIfEmpty(folder)
  return folders.every(folder => !existsSync(folder))
}

/** Gives the containers CPU time before everything else on a busy machine, whose load would otherwise hide theirs. */
export function preferContainers() {
  const [file, shares] = IS_UNIFIED
    ? [join(CGROUP_ROOT, 'lxc/cpu.weight'), PREFERRED_CPU_WEIGHT]
    : [join(CGROUP_ROOT, 'cpu/lxc/cpu.shares'), PREFERRED_CPU_SHARES]
  if (existsSync(file)) writeFileSync(file, String(shares))
}

/** Removes the cgroups around the containers if there is no container left, of whatever run. */
export function removeEmptyParents() {
  for (const root of hierarchies()) {
    for (const parent of ['lxc', 'lxc.monitor', 'lxc.pivot']) removeIfEmpty(join(root, parent))
  }
}

function removeIfEmpty(cgroup) {
  try {
    rmdirSync(cgroup)
  } catch (error) {
    if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].includes(error.code)) throw error
  }
}
