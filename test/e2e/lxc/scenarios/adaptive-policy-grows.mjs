import { until } from '../checklist.mjs'
import { holdAnonymous, runInContainer } from '../containers.mjs'
import { ADAPTIVE_NAME, MINIMUM } from '../daemon-configs.mjs'
import { cpuSetSize, memoryLimitMb } from '../kernel-files.mjs'
import { othersAreLeftAlone } from './load-is-scaled.mjs'

const HELD_MB = 220
const RAISE_TIMEOUT_MS = 45_000

/** The default policy gives an unprivileged container what it needs now; what it takes back it must learn over hours. */
export async function adaptivePolicyGrows(context) {
  const { checks, containers } = context
  const vmid = containers[ADAPTIVE_NAME]
  const startMs = Date.now()
  const endMemory = runInContainer(vmid, holdAnonymous(HELD_MB))
  const endCpu = runInContainer(vmid, 'while :; do :; done & while :; do :; done')
  const hasGrown = () => cpuSetSize(vmid) > MINIMUM.cores && memoryLimitMb(vmid) > MINIMUM.memoryMb
  await until('cores and memory grow', RAISE_TIMEOUT_MS, hasGrown)
  const seconds = ((Date.now() - startMs) / 1_000).toFixed(1)
  checks.ok(
    true,
    'the policy adaptive gives cores and memory',
    `${cpuSetSize(vmid)} cores, ${memoryLimitMb(vmid)} MB after ${seconds} s`,
  )
  await endMemory()
  await endCpu()
  othersAreLeftAlone(context, vmid, startMs)
}
