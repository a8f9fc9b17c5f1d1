import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatConf, readConf, writeConf } from './container-conf.mjs'
import { limitLines, setMemoryLimit, setQuota } from './limits.mjs'

/**
 * Stands in for Proxmox's `pct` on real LXC containers: node pct.mjs PVE_DIR LXC_DIR COMMAND...
 * Knows list, status, config, set, start, stop and exec. As in Proxmox, `set --cores` only changes the configuration: the next
 * pass of pvestatd (in the test program) changes the CPU set.
 */
const [, , pveDir, lxcDir, command, ...rest] = process.argv
const vmid = rest[0]
const settable = ['cores', 'cpulimit', 'memory', 'swap', 'hostname', 'description', 'tags']

const commands = { list, status, config, set, start, stop, exec }
if (commands[command] === undefined) fail(`ERROR: unknown command 'pct ${command}'`)
commands[command]()

function fail(message, exitCode = 255) {
  process.stderr.write(`${message}\n`)
  process.exit(exitCode)
}

function options() {
  return readConf(pveDir, vmid) ?? fail(`Configuration file 'nodes/e2e/lxc/${vmid}.conf' does not exist`, 2)
}

function lxc(tool, ...args) {
  const { status: exitCode, stdout } = spawnSync(tool, ['-P', lxcDir, '-n', vmid, ...args], {
    stdio: ['inherit', 'pipe', 'inherit'],
  })
  if (exitCode !== 0) process.exit(exitCode ?? 255)
  return stdout
}

/** A running container has a command socket, by which Proxmox tells it too. */
function isRunning(name) {
  return readFileSync('/proc/net/unix', 'utf8').includes(`@${join(lxcDir, name, 'command')}\n`)
}

function list() {
  const vmids = readdirSync(join(pveDir, 'lxc')).flatMap(file => /^(\d+)\.conf$/.exec(file)?.[1] ?? [])
  const row = cells => process.stdout.write(`${cells.map((cell, i) => cell.padEnd([10, 10, 12, 20][i])).join(' ')}\n`)
  if (vmids.length > 0) row(['VMID', 'Status', 'Lock', 'Name'])
  for (const name of vmids.sort((a, b) => a - b)) {
    row([name, isRunning(name) ? 'running' : 'stopped', '', readConf(pveDir, name).get('hostname')])
  }
}

function status() {
  options()
  process.stdout.write(`status: ${isRunning(vmid) ? 'running' : 'stopped'}\n`)
}

function config() {
  process.stdout.write(formatConf(options()))
}

function set() {
  const before = options()
  const after = new Map(before)
  for (const [option, value] of changes()) {
    if (value === undefined) after.delete(option)
    else after.set(option, value)
  }
  if (isRunning(vmid)) applyChanges(before, after)
  writeConf(pveDir, vmid, after)
}

/** [option, value] of the command line; value undefined: delete the option. */
function changes() {
  const words = rest.slice(1).flatMap(word => /^(--?[a-z]+)=(.*)$/.exec(word)?.slice(1) ?? [word])
  if (words.length === 0) fail('no options specified')
  const found = []
  for (let i = 0; i < words.length; i += 2) {
    const option = words[i].replace(/^--?/, '')
    if (option === 'digest') checkDigest(words[i + 1])
    else if (option === 'delete') found.push(...words[i + 1].split(',').map(name => [name, undefined]))
    else if (settable.includes(option)) found.push([option, words[i + 1]])
    else fail(`Unknown option: ${option}\n400 unable to parse option\npct set <vmid> [OPTIONS]`)
  }
  return found
}

function checkDigest(digest) {
  const now = createHash('sha1')
    .update(readFileSync(join(pveDir, 'lxc', `${vmid}.conf`)))
    .digest('hex')
  if (digest !== now) fail('detected modified configuration - file changed by other user? Try again.')
}

/** Nothing is written to the configuration when the kernel refuses. */
function applyChanges(before, after) {
  const hasChanged = option => before.get(option) !== after.get(option)
  hotplug('cpulimit', () => hasChanged('cpulimit') && setQuota(vmid, after.get('cpulimit')))
  hotplug('memory', () => (hasChanged('memory') || hasChanged('swap')) && setMemoryLimit(vmid, ...memoryOf(after)))
}

function hotplug(option, apply) {
  try {
    apply()
  } catch (error) {
    const reason = error.code === 'EBUSY' ? 'Device or resource busy' : error.message
    fail(
      `400 Parameter verification failed.\n${option}: unable to hotplug ${option}: closing file '${error.path}' failed - ` +
        `${reason}\npct set <vmid> [OPTIONS]`,
    )
  }
}

function memoryOf(conf) {
  return [Number(conf.get('memory') ?? 512), Number(conf.get('swap') ?? 0)]
}

/** Writes the limits into the configuration of LXC, which puts them on the cgroup before the first process runs. */
function start() {
  const conf = options()
  if (isRunning(vmid)) fail(`CT ${vmid} already running`)
  const [memoryMb, swapMb] = memoryOf(conf)
  const cores = conf.has('cores') ? Number(conf.get('cores')) : undefined
  const limits = limitLines({ memoryMb, swapMb, cores, cpulimit: conf.get('cpulimit') })
  limits.unshift(`lxc.include = ${join(lxcDir, vmid, 'container')}`)
  writeFileSync(join(lxcDir, vmid, 'config'), `${limits.join('\n')}\n`)
  lxc('lxc-start', '-o', join(lxcDir, vmid, 'log'))
}

function stop() {
  options()
  if (!isRunning(vmid)) fail(`CT ${vmid} not running`)
  lxc('lxc-stop', '-k')
}

function exec() {
  options()
  const words = rest.slice(1)
  const [program, ...args] = words[0] === '--' ? words.slice(1) : words
  process.stdout.write(lxc('lxc-attach', '--', program, ...args))
}
