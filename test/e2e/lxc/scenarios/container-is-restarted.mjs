import { until } from '../checklist.mjs'

/** A restart gives no false figures: what cannot be known yet is null, counters begin anew, and a stopped container is left out. */
export async function containerIsRestarted({ host, checks, containers: { worker }, metrics }) {
  const [before] = await metrics.nextSamples(worker, { afterMs: Date.now() })
  await host.pct('stop', worker)
  await host.pct('start', worker)
  const [first, second] = await samplesOfNewRun(metrics, before, worker)
  checks.ok(first.cpu_usage_percent === null, 'the first CPU figure of a new run is not known', first.cpu_usage_percent)
  const isPlausible = second.cpu_usage_percent !== null && second.cpu_usage_percent < 50
  checks.ok(isPlausible, 'its next CPU figure is that of an idle container', `${second.cpu_usage_percent} %`)
  const bytes = ({ network_usage: { rx_bytes: rx, tx_bytes: tx } }) => rx + tx
  checks.ok(
    bytes(first) < bytes(before),
    'its network counters begin anew',
    `${bytes(before)} -> ${bytes(first)} bytes`,
  )

  await host.pct('stop', worker)
  const stoppedMs = Date.now()
  const isLater = cycle => Date.parse(cycle.summary.collection_start_time) > stoppedMs
  const cycle = await until('a cycle after the stop', 15_000, () => metrics.cycles().find(isLater))
  checks.ok(cycle[worker] === undefined, 'a stopped container is left out')
  await host.pct('start', worker)
  const [again] = await samplesOfNewRun(metrics, second, worker)
  checks.ok(again.cpu_usage_percent === null, 'a container started again is back, without a CPU figure')

  const impossible = metrics
    .samples(worker)
    .filter(sample => sample.cpu_usage_percent < 0 || sample.cpu_usage_percent > 100)
  checks.ok(impossible.length === 0, 'no CPU figure of it was outside 0 to 100 %')
}

/** The first two samples of the run of the container that came after the one that `before` belongs to. */
function samplesOfNewRun(metrics, before, vmid) {
  return until('samples of a new run', 20_000, () => {
    const samples = metrics.samples(vmid, before.timeMs).filter(({ run_id: runId }) => runId !== before.run_id)
    return samples.length >= 2 ? samples : undefined
  })
}
