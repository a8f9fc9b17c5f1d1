import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { callApi } from '../lxc/api-client.mjs'
import { until } from '../lxc/checklist.mjs'
import { holdAnonymous, runInContainer } from '../lxc/containers.mjs'
import { cgroupPath, IS_UNIFIED, memoryLimitMb, processIds, readText } from '../lxc/kernel-files.mjs'
import { HIGH_SHARE } from '../lxc/limits.mjs'
import { mainProcess, memoryUsedMb, oomKills } from './container-watch.mjs'
import { runIn } from './service-under-load.mjs'

/** What is hard to take memory from, or to measure, in a container of its own. */
export const AWKWARD = {
  name: 'awkward',
  options: { cores: '1', memory: '512' },
  files: { 'opt/heap-server.java': readFileSync(new URL('software/heap-server.java', import.meta.url), 'utf8') },
}
const MEMORY_MB = Number(AWKWARD.options.memory)
const BYTES_PER_MB = 1_048_576
/** The smallest limit that the API takes from anybody. */
const LEAST_MB = 64
const SWAP_MB = 64
const MOST_PROCESSES = 100
/** It keeps trying when it may have no more, but leaves something of the machine to others. */
const FORK_BOMB = `perl -e 'while (1) { fork // select(undef, undef, undef, 0.5) }'`
/** The model decides every two seconds. */
const MODEL_TURNS_MS = 12_000
/** So long a smaller limit is watched. */
const AFTERMATH_MS = 10_000
const START_TIMEOUT_MS = 60_000

/** Each: {name, script, heldMb} and what must be there before it begins. mlockall is the 151st system call on amd64. */
const HOLDERS = [
  { name: 'tmpfs filled', script: 'dd if=/dev/zero of=/tmp/full bs=1M count=200; sleep 1000', heldMb: 200 },
  {
    name: 'locked in memory',
    script: `perl -e '$x = "a" x 150_000_000; syscall(151, 3) == 0 or die; sleep 1000'`,
    heldMb: 140,
  },
  {
    name: 'dirty page cache',
    script: 'while :; do dd if=/dev/zero of=/var/dirty bs=1M count=600 conv=notrunc; done',
    heldMb: 300,
    isPageCache: true,
  },
  {
    name: 'transparent huge pages',
    script: 'java -Xms200m -Xmx200m -XX:+UseTransparentHugePages -XX:+AlwaysPreTouch /opt/heap-server.java',
    heldMb: 200,
  },
  { name: 'swap full', script: holdAnonymous(MEMORY_MB + SWAP_MB - 24), heldMb: MEMORY_MB - 40, needs: withSwap },
]

/** @param results gets {name, seen, kills} of each */
export async function awkwardLoads(context, results) {
  const { checks, vmid } = context
  const run = (name, attempt) =>
    checks.scenario(name, async () => {
      const killsBefore = oomKills(vmid)
      const seen = await attempt()
      results.push({ name, seen, kills: oomKills(vmid) - killsBefore })
    })
  for (const holder of HOLDERS) await run(holder.name, () => tryHolder(context, holder))
  await run('a fork bomb within its limit', () => tryForkBomb(context))
  await run('a limit inside the container', () => tryInnerLimit(context))
}

/** The model has its way with it, then it is shrunk by hand as far as the API allows: nothing may be killed. */
async function tryHolder({ host, checks, vmid, others }, { name, script, heldMb, isPageCache, needs }) {
  await setMemory(vmid, MEMORY_MB)
  const giveBack = await needs?.(host, vmid)
  const killsBefore = totalKills([vmid, ...others])
  const inUseMb = () => (isPageCache ? chargedMb(vmid) : memoryUsedMb(vmid))
  const end = runInContainer(vmid, script)
  try {
    await until(`${heldMb} MB in use`, START_TIMEOUT_MS, () => inUseMb() >= heldMb)
    await delay(MODEL_TURNS_MS)
    const byModel = memoryLimitMb(vmid)
    const tooFar = await setMemory(vmid, LEAST_MB)
    const leastMb = tooFar.body.least_memory_mb
    const nearest = leastMb === undefined ? tooFar : await setMemory(vmid, leastMb)
    await delay(AFTERMATH_MS)
    const seen =
      `the model left ${byModel} MB; ${LEAST_MB} MB: ${answerText(tooFar)}` +
      (leastMb === undefined ? '' : `; the least, ${leastMb} MB: ${answerText(nearest)}`) +
      `; then ${memoryLimitMb(vmid)} MB`
    const kills = totalKills([vmid, ...others]) - killsBefore
    checks.ok(kills === 0, `${name}: nothing is killed`, `${kills} kills; ${seen}`)
    const inForce = `${limitsInForce(vmid).join(' and ')} MB in force, ${host.confOf(vmid).get('memory')} MB configured`
    checks.ok(isAsConfigured(host, vmid), `${name}: the kernel enforces what is configured, no more`, inForce)
    return seen
  } finally {
    await end()
    await runIn(vmid, 'rm', '-f', '/tmp/full', '/var/dirty')
    await giveBack?.()
  }
}

/** A small swap file for this machine, and as much for the container. Gives a function that takes both away. */
async function withSwap(host, vmid) {
  const file = join(host.dir, 'swap')
  const command = (...words) => {
    const { status, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr.trim()}`)
  }
  command('fallocate', '-l', `${SWAP_MB}M`, file)
  command('chmod', '600', file)
  command('mkswap', file)
  command('swapon', file)
  await host.pct('set', vmid, '-swap', SWAP_MB)
  return async () => {
    command('swapoff', file)
    await host.pct('set', vmid, '-swap', 0)
  }
}

/** As many processes as it may have, all of them starting more: it is measured, changed and ended like any other. */
async function tryForkBomb({ checks, vmid, others, metrics }) {
  await setMemory(vmid, MEMORY_MB)
  const limit = cgroupPath('pids', vmid, 'pids.max')
  const [unlimited, init, killsBefore] = [readText(limit), mainProcess(vmid, 'guest-init'), totalKills(others)]
  writeFileSync(limit, String(MOST_PROCESSES))
  const end = runInContainer(vmid, FORK_BOMB)
  try {
    await until('it is full of processes', START_TIMEOUT_MS, () => processIds(vmid).length > MOST_PROCESSES * 0.8)
    const startMs = Date.now()
    await metrics.nextSamples(vmid, { afterMs: startMs, count: 3, timeoutMs: START_TIMEOUT_MS })
    const answer = await setMemory(vmid, MEMORY_MB + 64)
    const seconds = ((Date.now() - startMs) / 1_000).toFixed(1)
    await delay(AFTERMATH_MS)
    const isUnharmed = totalKills(others) === killsBefore && processIds(vmid).includes(init)
    const seen = `${processIds(vmid).length} processes; three samples and a change in ${seconds} s: ${answerText(answer)}`
    checks.ok(answer.status === 200 && isUnharmed, 'a fork bomb: it is measured and changed, others are unharmed', seen)
    return seen
  } finally {
    // No new ones while the old ones are ended.
    writeFileSync(limit, '1')
    endAllBut(vmid, init)
    writeFileSync(limit, unlimited)
    await end()
  }
}

function endAllBut(vmid, init) {
  for (const pid of processIds(vmid).filter(one => one !== init)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
}

/** A process is killed at a limit that the container set itself: more memory would not help, so it gets none. */
async function tryInnerLimit({ checks, vmid }) {
  await setMemory(vmid, MEMORY_MB)
  // With v2 a cgroup that has processes of its own shares no memory out.
  const inner = cgroupPath('memory', vmid, IS_UNIFIED ? 'inner' : 'ns/inner')
  const limitFile = IS_UNIFIED ? 'memory.max' : 'memory.limit_in_bytes'
  const killsBefore = oomKills(vmid)
  const script = `mkdir ${inner}; echo 48M >${inner}/${limitFile}; echo $0 >${inner}/cgroup.procs`
  const end = runInContainer(vmid, `sleep 5; exec perl -e '$x = "a" x 150_000_000; sleep 1000'`)
  try {
    const pid = await until('it has begun', START_TIMEOUT_MS, () => processIds(vmid).find(isSleeping))
    spawnSync('sh', ['-c', script, String(parentOf(pid))])
    await until('a kill at the inner limit', START_TIMEOUT_MS, () => oomKills(vmid) > killsBefore)
    await delay(MODEL_TURNS_MS)
    const seen = `a kill at 48 MB inside; the container had ${MEMORY_MB} MB before and has ${memoryLimitMb(vmid)} MB`
    checks.ok(memoryLimitMb(vmid) <= MEMORY_MB, 'a kill at a limit inside the container gives it no more memory', seen)
    return seen
  } finally {
    await end()
    await until('the inner cgroup is gone', START_TIMEOUT_MS, () => spawnSync('rmdir', [inner]).status === 0)
  }
}

const isSleeping = pid => readText(`/proc/${pid}/cmdline`)?.startsWith('sleep\u00005\u0000')
const parentOf = pid => Number(/^PPid:\s+(\d+)$/m.exec(readText(`/proc/${pid}/status`))[1])

function setMemory(vmid, memory) {
  return callApi('POST', '/scale/ram', { lxc_id: vmid, memory })
}

function answerText({ status, body }) {
  return status === 200 ? '200' : `${status} ${body.error}`
}

/** The memory limit; with cgroup v2 also the mark above which the kernel makes the container wait. */
function limitsInForce(vmid) {
  const highMb = IS_UNIFIED ? [Number(readText(cgroupPath('memory', vmid, 'memory.high'))) / BYTES_PER_MB] : []
  return [memoryLimitMb(vmid), ...highMb]
}

function isAsConfigured(host, vmid) {
  const memoryMb = Number(host.confOf(vmid).get('memory'))
  const [limitMb, highMb = limitMb * HIGH_SHARE] = limitsInForce(vmid)
  return limitMb === memoryMb && Math.abs(highMb - memoryMb * HIGH_SHARE) < 1
}

/** All that is charged to the container, page cache and kernel memory too. */
function chargedMb(vmid) {
  return (
    Number(readText(cgroupPath('memory', vmid, IS_UNIFIED ? 'memory.current' : 'memory.usage_in_bytes'))) / BYTES_PER_MB
  )
}

function totalKills(vmids) {
  return vmids.reduce((sum, vmid) => sum + oomKills(vmid), 0)
}
