import { curvesSvg } from '../recording/curves-svg.mjs'

const MS_PER_MINUTE = 60_000

/** For each service its memory, its cores, how long its requests took, each change a line. */
export function picture({ services, watch, startMs, minutes, machine }) {
  const at = ms => (ms - startMs) / MS_PER_MINUTE
  const panels = services.flatMap(({ name, vmid, slices }) => {
    const samples = watch.samples.get(vmid).filter(({ atMs }) => atMs >= startMs && at(atMs) <= minutes)
    const curve = (title, figure, isStepped) => ({
      name: title,
      isStepped,
      points: samples.map(sample => [at(sample.atMs), sample[figure]]),
    })
    const changes = watch.changes(vmid).filter(({ atMs }) => at(atMs) >= 0 && at(atMs) <= minutes)
    const marksOf = word => changes.filter(({ kind }) => kind.startsWith(word)).map(({ atMs }) => at(atMs))
    const measured = slices.filter(({ p99Ms }) => p99Ms !== undefined)
    const p99 = { name: 'p99 of one second', points: measured.map(({ toMs, p99Ms }) => [at(toMs), p99Ms]) }
    const throughput = {
      name: 'answered',
      points: measured.map(({ toMs, requests, seconds }) => [at(toMs), requests / seconds]),
    }
    return [
      {
        title: `${name}: memory`,
        unit: 'MB',
        curves: [curve('used', 'memoryMb'), curve('limit', 'memoryLimitMb', true)],
        marks: marksOf('memory'),
      },
      {
        title: `${name}: cores`,
        unit: 'cores',
        curves: [curve('used', 'coresUsed'), curve('allowed', 'cores', true)],
        marks: marksOf('cores'),
      },
      { title: `${name}: latency`, unit: 'ms', curves: [p99], marks: changes.map(({ atMs }) => at(atMs)) },
      { title: `${name}: throughput`, unit: '1/s', curves: [throughput], marks: changes.map(({ atMs }) => at(atMs)) },
    ]
  })
  return curvesSvg({
    title: 'Real software while it is sized',
    subtitle: `${machine}; a grey line: a change of the limit that the panel shows (of any limit: latency, throughput)`,
    panels,
    columns: 4,
    atUnit: 'min',
  })
}
