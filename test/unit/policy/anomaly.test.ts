import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { shapeTrace, type Trace } from '@lxc-autoscale/replay'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

interface Table {
  readonly header: string[]
  readonly rows: string[][]
}

interface Judged {
  timesMs: number[]
  isAbnormal: boolean[]
  readonly alarms: number[]
  readonly isAnnounced: boolean[]
}

const folder = join(import.meta.dirname, '../../../scripts/policy')
const { Judge, moved }: { Judge: new () => Judged; moved(values: readonly number[], share: number): number[] } =
  await import(join(folder, 'anomaly-judge.mjs'))
const { compare, variantsTable }: { compare(series: Series): unknown; variantsTable(results: unknown[]): Table } =
  await import(join(folder, 'anomaly-sizing.mjs'))
const { episodesTable, forestsTable }: { episodesTable(of: string): Table; forestsTable(of: string): Table } =
  await import(join(folder, 'anomaly-labelled.mjs'))

interface Series {
  readonly group: string
  readonly source: string
  readonly trace: Trace
  readonly resources: string[]
}

const MINUTE_MS = 60_000

test('abnormal samples half an hour apart are one alarm, and announce what comes within the hour', () => {
  const judge = new Judge()
  const abnormalMinutes = [10, 40, 71]
  judge.timesMs = Array.from({ length: 200 }, (_, minute) => minute * MINUTE_MS)
  judge.isAbnormal = judge.timesMs.map((_, minute) => abnormalMinutes.includes(minute))
  expect(judge.alarms).toEqual([10, 71])
  expect([9, 10, 131, 132].map(minute => judge.isAnnounced[minute])).toEqual([false, true, true, false])
})

test('what is moved in time comes round', () => {
  expect(moved([1, 2, 3, 4], 0.25)).toEqual([4, 1, 2, 3])
})

test('a container that is never abnormal is sized alike with the verdict, without it, and by chance', () => {
  const trace = shapeTrace('idle', { seed: 1, days: 1 })
  const series = { group: 'shapes', source: 'shape: idle', trace, resources: ['cpu', 'memory'] }
  const { rows } = variantsTable([compare(series)])
  const figures = rows.map(([label, variant, ...cells]) => [label, variant, cells.join()])
  expect(figures.map(([label, variant]) => `${label} ${variant}`)).toEqual(
    ['shapes', 'all'].flatMap(label => ['without', 'with', 'by chance'].map(variant => `${label} ${variant}`)),
  )
  expect(new Set(figures.map(([, , cells]) => cells)).size).toBe(1)
  expect(figures[0]?.[2]).toMatch(/^0\.00,0\.00,[1-9]/)
})

test('an episode in which a machine does ten times as much raises an alarm, and nothing before it does', () => {
  const directory = temporaryDirectory()
  const rows = Array.from({ length: 1_200 }, (_, step) => {
    const isStrange = step >= 1_000 && step < 1_100
    return [step * 300, 5 + (step % 7) / 10 + (isStrange ? 50 : 0), Number(isStrange)].join()
  })
  writeFileSync(join(directory, 'nab_made_up.csv.gz'), gzipSync(['f0,f1,label', ...rows, ''].join('\n')))
  writeFileSync(
    join(directory, 'BASELINE_sklearn.csv'),
    'name,fitted_on,auroc_mean,ap_mean\nnab_made_up,same rows,0.9,0.8\n',
  )
  const [[name, days, episodes, found, , falseAlarms] = []] = episodesTable(directory).rows
  expect([name, days, episodes, found, falseAlarms]).toEqual(['nab_made_up', '4.2', '1', '1', '0.00'])
  expect(forestsTable(directory).rows).toEqual([['nab_made_up', '1.000', '0.900', '1.000', '0.800']])
})
