import { readFileSync } from 'node:fs'
import { BYTES_PER_MB, KIB_PER_MB } from '@lxc-autoscale/core/units'
import { containerCgroup } from '../../files/host-paths.ts'
import { type Run, readRun } from '../../host/runs.ts'
import { parseCpuList } from '../../kernel/cpu-list.ts'
import { parseFlatKeyed } from '../../kernel/flat-keyed.ts'
import { readFirstLine, readLimit } from '../../kernel/kernel-file.ts'
import { BOOLEAN, type OptionSpec, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { type Context, loadConf } from '../context.ts'
import { Failure } from '../failure.ts'

const EXTRA: OptionSpec = { type: 'list' }
const NOT_FOUND = 127
const KB = BYTES_PER_MB / KIB_PER_MB

/**
 * `pct exec VMID -- COMMAND`: a pretend container has a handful of programs: true, false, echo, hostname, nproc, cat (of what lxcfs
 * and /proc show) and `sh -c "exit N"`. The exit code is that of the program; no lock is looked at.
 */
export const exec: Command = {
  positional: ['vmid', 'extra-args'],
  options: { vmid: VMID, 'extra-args': EXTRA, 'keep-env': BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    const { live } = loadConf(context, vmid)
    const run = readRun(context.paths, vmid)
    if (run === undefined) throw new Failure(`container '${vmid}' not running!`)
    const [program, ...words] = args.extra
    if (program === undefined) throw new Failure('missing command')
    return execute(context, { run, hostname: live.values['hostname'] ?? `CT${vmid}` }, program, words)
  },
}

interface Guest {
  readonly run: Run
  readonly hostname: string
}

function execute(context: Context, guest: Guest, program: string, words: readonly string[]): number {
  const { output } = context
  switch (program.replace(/^\/(usr\/)?bin\//, '')) {
    case 'true':
      return 0
    case 'false':
      return 1
    case 'echo':
      output.out(`${words.join(' ')}\n`)
      return 0
    case 'hostname':
      output.out(`${guest.hostname}\n`)
      return 0
    case 'nproc':
      output.out(`${cpusOf(context, guest).length}\n`)
      return 0
    case 'cat':
      return words.map(file => printFile(context, guest, file)).reduce((worst, code) => Math.max(worst, code), 0)
    case 'sh':
      return exitOf(words)
    default:
      output.err(
        `lxc-attach: ${guest.run.vmid}: ../src/lxc/attach.c: lxc_attach_run_command: 1841 No such file or directory - Failed to exec "${program}"\n`,
      )
      return NOT_FOUND
  }
}

function exitOf(words: readonly string[]): number {
  const code = /^\s*exit\s+(\d+)\s*$/.exec(words[0] === '-c' ? (words[1] ?? '') : '')?.[1]
  return code === undefined ? NOT_FOUND : Number(code) % 256
}

function printFile(context: Context, guest: Guest, file: string): number {
  const text = guestFile(context, guest, file)
  if (text === undefined) {
    context.output.err(`cat: ${file}: No such file or directory\n`)
    return 1
  }
  context.output.out(text)
  return 0
}

/** Files as the guest sees them. The load average is the host's, as it is while lxcfs runs without `-l`. */
function guestFile(context: Context, guest: Guest, file: string): string | undefined {
  const { proc } = context.paths
  switch (file) {
    case '/etc/hostname':
      return `${guest.hostname}\n`
    case '/proc/loadavg':
      return readFileSync(`${proc}/loadavg`, 'utf8')
    case '/proc/net/dev':
      return readFileSync(`${proc}/${guest.run.initPid}/net/dev`, 'utf8')
    case '/proc/meminfo':
      return meminfo(context, guest)
    case '/proc/uptime':
      return uptime(context, guest)
    case '/sys/fs/cgroup/memory.max':
      return 'max\n'
    default:
      return undefined
  }
}

/** Source: lxc/lxcfs, src/proc_fuse.c: the limit is the total, the page cache can be had back. */
function meminfo(context: Context, { run }: Guest): string {
  const cgroup = containerCgroup(context.paths, run.vmid)
  const stat = parseFlatKeyed(readFileSync(`${cgroup}/memory.stat`, 'utf8'))
  const value = (key: string) => stat.get(key) ?? 0
  const total = Math.min(
    readLimit(`${cgroup}/memory.max`) ?? Number.POSITIVE_INFINITY,
    context.identity.memoryMb * BYTES_PER_MB,
  )
  const free = total - (readLimit(`${cgroup}/memory.current`) ?? 0)
  const rows: [string, number][] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', free + value('active_file') + value('inactive_file') + value('slab_reclaimable')],
    ['Cached', value('file')],
    ['SwapTotal', readLimit(`${cgroup}/memory.swap.max`) ?? 0],
    ['Shmem', value('shmem')],
  ]
  return rows
    .map(([name, bytes]) => `${`${name}:`.padEnd(16)}${String(Math.trunc(bytes / KB)).padStart(8)} kB\n`)
    .join('')
}

function uptime({ paths }: Context, { run }: Guest): string {
  const seconds = Number((readFirstLine(`${paths.proc}/uptime`) ?? '0').split(' ', 1)[0]) - run.startedAtSeconds
  return `${seconds.toFixed(2)} ${seconds.toFixed(2)}\n`
}

function cpusOf({ paths }: Context, { run }: Guest): readonly number[] {
  return parseCpuList(readFirstLine(`${containerCgroup(paths, run.vmid)}/cpuset.cpus.effective`) ?? '')
}
