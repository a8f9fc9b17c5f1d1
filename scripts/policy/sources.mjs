import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { HEAVY_TAILED_KINDS, heavyTailedTrace, parseTraceCsv } from '@lxc-autoscale/replay'
import { withoutDoubled } from './score.mjs'

/** Memory of these archives is not what a container holds: it is judged as a source of its own. */
const OTHER_MEMORY = { bitbrains: 'active memory', smd: 'normalised memory' }
/** Jobs of these are sums over tasks, in which one that restarts counts twice. */
const SUMMED = 'google2011'
const SERIES_PER_KIND = 8

/** The series of `directory`/<source>/<series>.csv. */
export function archivedSeries(directory) {
  const entries = readdirSync(directory, { withFileTypes: true }).filter(entry => entry.isDirectory())
  const sources = entries.map(({ name }) => name).sort()
  return sources.flatMap(source =>
    readdirSync(join(directory, source))
      .filter(file => file.endsWith('.csv'))
      .sort()
      .flatMap(file => {
        const trace = parseTraceCsv(basename(file, '.csv'), readFileSync(join(directory, source, file), 'utf8'))
        return seriesOf(source, source.startsWith(SUMMED) ? withoutDoubled(trace) : trace)
      }),
  )
}

function seriesOf(source, trace) {
  const group = 'archives'
  const other = Object.keys(OTHER_MEMORY).find(name => source.startsWith(name))
  if (other === undefined) return [{ group, source, trace, resources: ['cpu', 'memory'].filter(isIn(trace)) }]
  const cpu = { group, source, trace: { ...trace, memoryMb: undefined }, resources: ['cpu'] }
  const memory = { group: 'other memory', source: `${source} (${OTHER_MEMORY[other]})`, trace, resources: ['memory'] }
  return [cpu, memory].filter(({ resources: [resource] }) => isIn(trace)(resource))
}

function isIn(trace) {
  return resource => (resource === 'cpu' ? trace.cpuCores : trace.memoryMb) !== undefined
}

/** One in four is ten days of minutes, the others are 20 days of five minutes. */
export function generatedSeries(seed) {
  return HEAVY_TAILED_KINDS.flatMap(kind =>
    Array.from({ length: SERIES_PER_KIND }, (_, index) => ({
      group: 'generated',
      source: `generated: ${kind}`,
      trace: heavyTailedTrace(kind, {
        seed: seed * SERIES_PER_KIND + index,
        ...(index % 4 === 0 ? { days: 10, stepS: 60 } : { days: 20, stepS: 300 }),
      }),
      resources: ['cpu', 'memory'],
    })),
  )
}
