import { isApiUp } from '../api-client.mjs'
import { until } from '../checklist.mjs'
import { holdAnonymous, runInContainer } from '../containers.mjs'
import { MINIMUM } from '../daemon-configs.mjs'
import { cpuSetSize, heldMemoryMb, memoryLimitMb } from '../kernel-files.mjs'

const HELD_MB = 220
const RAISE_TIMEOUT_MS = 45_000
const LOWER_TIMEOUT_MS = 75_000

/** Under load a container gets more cores and memory, and gives them back after it; no other container's limits move. */
export async function loadIsScaled(context) {
  const { host, checks, containers } = context
  await until('the API is healthy', 20_000, isApiUp)
  checks.ok(true, 'the API is healthy')
  const startMs = Date.now()
  await loadRaisesLimits(context)
  await idlenessLowersLimits(context)

  const { web } = containers
  othersAreLeftAlone(context, web, startMs)
  await until('its configuration says the same', 10_000, () => isAsConfigured(host, web))
  checks.ok(true, 'its configuration says what the kernel enforces')
}

async function loadRaisesLimits({ checks, containers: { web }, metrics, recorder }) {
  const startMs = Date.now()
  const endMemory = runInContainer(web, holdAnonymous(HELD_MB))
  const endCpu = runInContainer(web, 'while :; do :; done & while :; do :; done')
  const seconds = () => `after ${((Date.now() - startMs) / 1_000).toFixed(1)} s`
  await until('the CPU set of the loaded container grows', RAISE_TIMEOUT_MS, () => cpuSetSize(web) > MINIMUM.cores)
  checks.ok(true, 'the loaded container gets a core', `${cpuSetSize(web)} cores ${seconds()}`)
  await until('its memory limit grows', RAISE_TIMEOUT_MS, () => memoryLimitMb(web) > MINIMUM.memoryMb)
  checks.ok(heldMemoryMb(web) > HELD_MB * 0.9, 'and memory', `${memoryLimitMb(web)} MB ${seconds()}`)

  const [before, after] = await metrics.nextSamples(web, { afterMs: Date.now() + 1_000, count: 2 })
  await until('a reading after the last sample', 5_000, () => recorder.reaches(after.timeMs))
  const realCores = recorder.coresUsed(web, before.timeMs, after.timeMs)
  const text = `measured ${after.cpu_cores_used} cores of ${after.cpu_cores}, used ${realCores?.toFixed(3)}`
  const isMeasured = Math.abs(after.cpu_cores_used - realCores) / after.cpu_cores <= 0.05
  checks.ok(isMeasured && after.cpu_cores === cpuSetSize(web), 'the monitor measures it against its new cores', text)
  await endMemory()
  await endCpu()
}

async function idlenessLowersLimits({ checks, containers: { web } }) {
  const startMs = Date.now()
  const peakMb = memoryLimitMb(web)
  const seconds = () => `after ${((Date.now() - startMs) / 1_000).toFixed(1)} s`
  await until('its cores are taken back', LOWER_TIMEOUT_MS, () => cpuSetSize(web) === MINIMUM.cores)
  checks.ok(true, 'without load the core is taken back', `${cpuSetSize(web)} cores ${seconds()}`)
  await until('its memory limit shrinks', LOWER_TIMEOUT_MS, () => memoryLimitMb(web) < peakMb)
  checks.ok(
    memoryLimitMb(web) >= MINIMUM.memoryMb,
    'and the memory',
    `${peakMb} -> ${memoryLimitMb(web)} MB ${seconds()}`,
  )
}

/** Checks that since `sinceMs` the limits of all containers but one stayed as they were. */
export function othersAreLeftAlone({ host, checks, recorder }, vmid, sinceMs) {
  const others = host.vmids.filter(other => other !== vmid)
  const changed = others.filter(other => recorder.haveLimitsChanged(other, sinceMs))
  checks.ok(
    changed.length === 0,
    'no other container had its limits changed',
    changed.join(', ') || `${others.length} watched`,
  )
}

/** Whether the kernel enforces what the configuration of the container says. */
export function isAsConfigured(host, vmid) {
  const conf = host.confOf(vmid)
  return Number(conf.get('cores')) === cpuSetSize(vmid) && Number(conf.get('memory')) === memoryLimitMb(vmid)
}
