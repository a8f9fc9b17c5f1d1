import { until } from '../checklist.mjs'
import { runInContainer } from '../containers.mjs'
import { allowedCores, throttling } from '../kernel-files.mjs'

const CYCLES = 5
const TOLERANCE_POINTS = 5
const OUTLIER_POINTS = 15
const BURN = 'while :; do :; done & while :; do :; done'
const WORK_AND_REST = 'while :; do dd if=/dev/zero of=/dev/null bs=1M count=400; usleep 50000; done'

/** The CPU figures are what the kernel's usage counter says, read by this test at other moments. */
export async function cpuIsMeasured({ checks, containers, metrics, recorder }) {
  const startMs = Date.now()
  const ends = [runInContainer(containers.limited, BURN), runInContainer(containers.worker, WORK_AND_REST)]
  const before = throttling(containers.limited)
  // The cycle in which the load began is left out, and one more bounds the first cycle that counts.
  const all = await metrics.nextSamples(containers.limited, { afterMs: startMs, count: CYCLES + 2 })
  const window = { afterMs: all[0].timeMs, count: CYCLES + 1 }
  for (const name of ['limited', 'worker', 'neighbour']) {
    const samples = await metrics.nextSamples(containers[name], window)
    await until('a reading after the last sample', 5_000, () => recorder.reaches(samples.at(-1).timeMs))
    checkCpu({ checks, recorder, name, vmid: containers[name], samples })
  }
  const measured = mean(
    (await metrics.nextSamples(containers.limited, window)).map(sample => sample.cpu_throttled_percent),
  )
  const real = throttledPercent(before, throttling(containers.limited))
  const isThrottled = real > 50 && Math.abs(measured - real) <= OUTLIER_POINTS
  checks.ok(
    isThrottled,
    'limited: throttled as the kernel says',
    `measured ${measured.toFixed(1)} %, real ${real.toFixed(1)} %`,
  )
  for (const end of ends) await end()
}

/** A busy machine can come between the monitor's reading and its time stamp, so one cycle alone may be further off. */
function checkCpu({ checks, recorder, name, vmid, samples }) {
  const cores = allowedCores(vmid)
  const pairs = samples.slice(1).map((sample, i) => {
    const usedCores = recorder.coresUsed(vmid, samples[i].timeMs, sample.timeMs)
    return { measured: sample.cpu_usage_percent ?? Number.NaN, real: Math.min(100, (usedCores / cores) * 100) }
  })
  const deviations = pairs.map(({ measured, real }) => Math.abs(measured - real)).sort((a, b) => a - b)
  const isClose =
    deviations.every(Number.isFinite) &&
    deviations[CYCLES >> 1] <= TOLERANCE_POINTS &&
    deviations.at(-1) <= OUTLIER_POINTS
  const text = pairs.map(({ measured, real }) => `${measured.toFixed(1)}/${real.toFixed(1)}`).join(' ')
  checks.ok(isClose, `${name}: CPU within ${TOLERANCE_POINTS} points of what it used`, `measured/real % ${text}`)
}

function throttledPercent(before, after) {
  return ((after.throttled - before.throttled) / (after.periods - before.periods)) * 100
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
