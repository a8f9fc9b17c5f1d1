import { parseArgs } from 'node:util'
import { episodesTable, forestsTable } from './anomaly-labelled.mjs'
import { alarmsTable, compare, sizingSeries, variantsTable } from './anomaly-sizing.mjs'
import { writeTables } from './docs-page.mjs'
import { tableText } from './tables.mjs'

/** What the verdict "abnormal" is worth: to sizing, and as an alarm. Tables on standard output. */
export function anomaly(argv) {
  const { values: options } = parseArgs({
    args: argv,
    options: {
      traces: { type: 'string' },
      labelled: { type: 'string' },
      seed: { type: 'string', default: '1' },
      markdown: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
    },
  })
  const series = sizingSeries(options.traces, Number(options.seed))
  const results = series.map((each, done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${series.length} series`)
    return compare(each)
  })
  const tables = [variantsTable(results), alarmsTable(results)]
  if (options.labelled !== undefined) tables.push(episodesTable(options.labelled), forestsTable(options.labelled))
  for (const table of tables) console.log(tableText(table, options.markdown))
  if (options.docs) writeTables('anomaly', tables)
}
