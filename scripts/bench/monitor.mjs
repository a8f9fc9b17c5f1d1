// npm run bench -- monitor: what a cycle of the monitor costs, on a pretend host in memory, beside a C program that makes the
// same calls. The monitor runs as the package ships it: bundled in the same way, and started as its unit starts it.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleProgram } from '../package/bundle.mjs'
import { initPidOf, makePretendTree, OUTER_FILES, PROCESS_GROUPS, vmidOf } from './pretend-tree.mjs'
import { median } from './statistics.mjs'
import { startOfUnit } from './unit-start.mjs'

const SIZES = [60, 100, 1_000, 4_000]
const CYCLES = 60
/** Cycles before those that are measured: the engine compiles what runs often, and a few containers take longer to be often. */
export const warmUpCycles = containers => 30 + Math.round(20_000 / containers)
/** At this size the memory is watched over a long time. */
const LONG_RUN = { containers: 1_000, cycles: 1_000 }
const START = startOfUnit('lxc_monitor')

export async function run(report) {
  allowOpenFiles()
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-monitor-'))
  try {
    const child = await bundleChild(folder)
    const reader = compileReader(folder)
    for (const containers of SIZES) measure({ containers, folder, child, reader, report })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As many files at once as the unit allows, here and in what is started from here; as root, else what there is. */
export function allowOpenFiles() {
  const unit = readFileSync(join(import.meta.dirname, '..', '..', 'systemd', 'lxc_monitor.service'), 'utf8')
  const [, limit] = /^LimitNOFILE=(\d+)$/m.exec(unit) ?? []
  spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${limit}:${limit}`], { stdio: 'ignore' })
}

export async function bundleChild(folder) {
  const outfile = join(folder, 'monitor-child.mjs')
  await bundleProgram({ entry: join(import.meta.dirname, 'monitor-child.mjs'), outfile, dashboard: '' })
  return outfile
}

/** The program that makes the same calls; undefined where there is no compiler. */
function compileReader(folder) {
  const outfile = join(folder, 'read-files')
  const { status } = spawnSync('cc', ['-O2', '-o', outfile, join(import.meta.dirname, 'read-files.c')], {
    stdio: 'ignore',
  })
  return status === 0 ? outfile : undefined
}

function measure({ containers, folder, child, reader, report }) {
  const root = join(folder, `host-${containers}`)
  const host = makePretendTree(root, containers)
  const row = (metric, value, unit) => report({ bench: 'monitor', case: String(containers), metric, value, unit })
  const isLong = containers === LONG_RUN.containers
  const found = runChild(child, {
    host,
    exportFile: join(root, 'metrics.json'),
    cycles: CYCLES,
    warmUp: warmUpCycles(containers),
  })
  const cpuMs = median(found.cpuMs)
  row('cycle_cpu_ms', cpuMs, 'ms')
  row('cycle_wall_ms', median(found.wallMs), 'ms')
  row('forks_per_cycle', found.forks / (CYCLES + warmUpCycles(containers)), '')
  if (reader !== undefined) row('ratio_to_c', cpuMs / runReader(reader, folder, host, containers), '')
  if (isLong) {
    const long = runChild(child, { host, exportFile: join(root, 'long.json'), cycles: LONG_RUN.cycles, warmUp: 0 })
    row('rss_mb', Math.max(...long.rssMb.slice(-5)), 'MB')
  } else row('rss_mb', found.rssMb.at(-1), 'MB')
  rmSync(root, { recursive: true })
}

/** `maxCycles` is small: the file of many containers and cycles would not fit beside the tree, and its cost is measured in `store`. */
export function runChild(child, settings) {
  const words = [...START.flags, child, JSON.stringify({ ...settings, maxCycles: 200 })]
  const env = { ...process.env, ...START.environment }
  return JSON.parse(
    execFileSync(START.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], env, maxBuffer: 2 ** 26 }),
  )
}

/** CPU time of the C program, which reads the same files in the same order. */
function runReader(reader, folder, { proc, cgroup }, containers) {
  const list = join(folder, 'list')
  writeFileSync(list, `${callsOf({ proc, cgroup }, containers).join('\n')}\n`)
  const kept = readFileSync(list, 'utf8').split('\nk ').length
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1_024) - 128
  const words = [list, `${cgroup}/lxc`, String(2 * CYCLES), String(Math.min(kept, limit))]
  const times = execFileSync(reader, words, { encoding: 'utf8' }).trim().split('\n').map(Number)
  return median(times.slice(CYCLES))
}

function callsOf({ proc, cgroup }, containers) {
  const indexes = Array.from({ length: containers }, (_, index) => index)
  const outer = index => `${cgroup}/lxc/${vmidOf(index)}`
  const names = OUTER_FILES.map(([name]) => name)
  const [tree, others] = [['cgroup.stat'], names.filter(name => name !== 'cgroup.stat')]
  const look = indexes.flatMap(index => [
    `s ${outer(index)}`,
    ...tree.map(name => `k ${outer(index)}/${name}`),
    ...PROCESS_GROUPS.map(group => `k ${outer(index)}${group}/cgroup.procs`),
  ])
  // Of more than 200 the monitor asks for a part in each cycle: see filesystem-probe.ts.
  const sizes = indexes
    .slice(0, Math.max(200, Math.ceil(containers / 6)))
    .map(index => `f ${proc}/${initPidOf(index)}/root`)
  const figures = indexes.flatMap(index => [
    ...others.map(name => `k ${outer(index)}/${name}`),
    `o ${proc}/${initPidOf(index)}/net/dev`,
  ])
  return [...look, ...sizes, ...figures]
}
