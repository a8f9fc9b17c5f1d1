import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HEAVY_TAILED_KINDS, type Trace } from '@lxc-autoscale/replay'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

interface Series {
  readonly group: string
  readonly source: string
  readonly trace: Trace
  readonly resources: string[]
}

const path = join(import.meta.dirname, '../../../scripts/policy/sources.mjs')
const {
  archivedSeries,
  generatedSeries,
}: { archivedSeries(directory: string): Series[]; generatedSeries(seed: number): Series[] } = await import(path)

test('memory that is not what a container holds is a source of its own, and plays no part in the cores', () => {
  const directory = temporaryDirectory()
  const rows = ['t_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc', '0,1,2,100,200', '60,1,2,100,200']
  for (const source of ['bitbrains_some', 'cluster']) {
    mkdirSync(join(directory, source))
    writeFileSync(join(directory, source, 'one.csv'), rows.join('\n'))
    writeFileSync(join(directory, source, 'cores.csv'), rows.join('\n').replaceAll(',100,200', ',,'))
  }
  const told = archivedSeries(directory).map(({ group, source, trace, resources }) =>
    [group, source, trace.name, ...resources, trace.memoryMb === undefined ? 'blind' : 'seen'].join(' '),
  )
  expect(told).toEqual([
    'archives bitbrains_some cores cpu blind',
    'archives bitbrains_some one cpu blind',
    'other memory bitbrains_some (active memory) one memory seen',
    'archives cluster cores cpu blind',
    'archives cluster one cpu memory seen',
  ])
})

test('each kind of generated series is a source', () => {
  const generated = generatedSeries(1)
  expect(new Set(generated.map(({ source }) => source)).size).toBe(HEAVY_TAILED_KINDS.length)
  expect(new Set(generated.map(({ trace }) => trace.name)).size).toBe(generated.length)
})
