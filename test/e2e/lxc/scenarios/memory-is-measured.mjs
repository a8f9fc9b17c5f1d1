import { until } from '../checklist.mjs'
import { holdAnonymous, runInContainer } from '../containers.mjs'
import { heldMemoryMb, memoryLimitMb, pageCacheMb } from '../kernel-files.mjs'

const TOLERANCE = 0.05
const CACHE_MB = 150
const ANONYMOUS_MB = 150
const TMPFS_MB = 100

/** Page cache is no use of memory, anonymous memory and tmpfs are; a process that the kernel killed for memory is seen. */
export async function memoryIsMeasured(context) {
  await pageCacheIsLeftOut(context)
  await heldMemoryIsCounted(context)
  await oomKillIsSeen(context)
}

async function pageCacheIsLeftOut({ host, checks, containers: { holder }, metrics }) {
  const [before] = await metrics.nextSamples(holder, { afterMs: Date.now() })
  const end = runInContainer(holder, `dd if=/dev/zero of=/root/cached bs=1M count=${CACHE_MB} conv=fsync; sleep 1000`)
  await until('a file in the page cache', 20_000, () => pageCacheMb(holder) >= CACHE_MB)
  const [after] = await metrics.nextSamples(holder, { afterMs: Date.now() + 500 })
  const growthMb = after.memory_usage_mb - before.memory_usage_mb
  const isLeftOut = Math.abs(growthMb) <= CACHE_MB * TOLERANCE
  checks.ok(isLeftOut, `${CACHE_MB} MB of page cache are not counted`, `grew by ${growthMb.toFixed(1)} MB`)
  await end()
  await host.pct('exec', holder, '--', 'rm', '/root/cached')
  await until('the page cache given back', 20_000, () => pageCacheMb(holder) < CACHE_MB)
}

async function heldMemoryIsCounted({ host, checks, containers: { holder }, metrics }) {
  const endAnonymous = runInContainer(holder, holdAnonymous(ANONYMOUS_MB))
  await until('anonymous memory', 20_000, () => heldMemoryMb(holder) >= ANONYMOUS_MB)
  await checkHeld({ checks, metrics, vmid: holder, kind: `${ANONYMOUS_MB} MB anonymous memory` })

  const endTmpfs = runInContainer(holder, `dd if=/dev/zero of=/tmp/file bs=1M count=${TMPFS_MB}; sleep 1000`)
  await until('a file in tmpfs', 20_000, () => heldMemoryMb(holder) >= ANONYMOUS_MB + TMPFS_MB)
  await checkHeld({ checks, metrics, vmid: holder, kind: `${TMPFS_MB} MB more in tmpfs` })

  await endAnonymous()
  await endTmpfs()
  await host.pct('exec', holder, '--', 'rm', '/tmp/file')
  await until('memory given back', 20_000, () => heldMemoryMb(holder) < 10)
  const after = { afterMs: Date.now() }
  const freed = await metrics.sampleThat(
    'memory given back in the figures',
    holder,
    after,
    sample => sample.memory_usage_mb < 20,
  )
  checks.ok(true, 'memory that was given back is no longer counted', `${freed.memory_usage_mb} MB`)
}

async function checkHeld({ checks, metrics, vmid, kind }) {
  const [sample] = await metrics.nextSamples(vmid, { afterMs: Date.now() + 200 })
  const heldMb = heldMemoryMb(vmid)
  const isWithin = measuredMb => Math.abs(measuredMb - heldMb) <= heldMb * TOLERANCE
  const text = `measured ${sample.memory_usage_mb} MB, held ${heldMb.toFixed(1)} MB`
  checks.ok(isWithin(sample.memory_usage_mb), `${kind}: counted within 5 %`, text)
  checks.ok(isWithin(sample.memory_floor_mb), `${kind}: cannot be taken away`, `floor ${sample.memory_floor_mb} MB`)
}

async function oomKillIsSeen({ checks, containers: { holder }, metrics }) {
  const startMs = Date.now()
  const end = runInContainer(holder, holdAnonymous(memoryLimitMb(holder) + 100))
  const killed = await metrics.sampleThat(
    'an OOM kill',
    holder,
    { afterMs: startMs },
    sample => sample.memory_events?.oom_kill > 0,
  )
  checks.ok(killed.memory_events.oom_kill === 1, 'an OOM kill is reported', JSON.stringify(killed.memory_events))
  await end()
}
