#!/usr/bin/env node
// npm run bench -- [NAME...|all] [--runs N] [--json] [--docs]: measures, and prints tables or one JSON object per line. `--runs`: the
// median of so many. `--docs`: writes docs/performance.md anew, as far as what it shows was measured.
// npm run bench -- [NAME...] --compare OLD.json: measures, and says what moved beyond noise since a run with `--json`; without names
// what that run had. npm run bench -- --compare OLD.json NEW.json: the same of two runs. Exit code 1: something got worse.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { compareRuns, comparisonTable, figure, parseRows } from './bench/compare.mjs'
import { writeDocs } from './bench/docs.mjs'
import { calibrate, calibrationRow, machineRow, machineText } from './bench/machine.mjs'
import { scaleTable, verdictText } from './bench/scale-figures.mjs'
import { joinRuns } from './bench/statistics.mjs'
import { tableText } from './policy/tables.mjs'

const BENCHES = ['monitor', 'store', 'forest', 'model', 'api', 'rest', 'dashboard', 'cluster', 'start', 'scale']
/** Not among all of them: it takes as long as half of the others. */
const BY_NAME_ONLY = new Set(['scale'])
const { options, names, oldRows, newRows } = asked()
const rows = newRows ?? (await measureAll())
if (options.docs) writeDocs(rows)
if (oldRows !== undefined) process.exitCode = compare() ? 1 : 0

function asked() {
  const { values, positionals } = readWords()
  const files = positionals.filter(word => word.endsWith('.json'))
  const found = positionals.filter(word => !word.endsWith('.json'))
  const unknown = found.filter(name => name !== 'all' && !BENCHES.includes(name))
  if (unknown.length > 0) fail(`unknown: ${unknown.join(' ')}`)
  if (files.length > (values.compare === undefined ? 0 : 1))
    fail(`one file to compare with, or two: ${files.join(' ')}`)
  if (!/^[1-9]\d?$/.test(values.runs)) fail(`--runs ${values.runs}: 1 to 99`)
  const [oldRows, newRows] = [values.compare, files[0]].map(path => (path === undefined ? undefined : rowsOf(path)))
  return { options: values, names: BENCHES.filter(name => isWanted(name, found, oldRows)), oldRows, newRows }
}

function isWanted(name, found, former) {
  if (found.length === 0 && former !== undefined) return former.some(({ bench }) => bench === name)
  const isAll = found.length === 0 || found.includes('all')
  return found.includes(name) || (isAll && !BY_NAME_ONLY.has(name))
}

function readWords() {
  const [json, docs] = [{ type: 'boolean' }, { type: 'boolean' }]
  const [compare, runs] = [{ type: 'string' }, { type: 'string', default: '1' }]
  try {
    return parseArgs({ allowPositionals: true, options: { json, docs, compare, runs } })
  } catch (error) {
    return fail(error.message)
  }
}

function rowsOf(path) {
  try {
    return parseRows(readFileSync(path, 'utf8'), path)
  } catch (error) {
    return fail(error.message)
  }
}

async function measureAll() {
  const measured = tell([machineRow()])
  if (!options.json) console.log(machineText(measured[0]))
  for (const name of names) {
    const startMs = performance.now()
    const found = tell(await measure(name))
    measured.push(...found)
    if (!options.json) print(name, found, (performance.now() - startMs) / 1_000)
  }
  return measured
}

async function measure(name) {
  const { run } = await import(`./bench/${name}.mjs`)
  const before = calibrate()
  const runs = []
  for (let count = 0; count < Number(options.runs); count++) {
    const own = []
    await run(row => own.push(row))
    runs.push(own)
  }
  return [...joinRuns(runs), calibrationRow(name, [before, calibrate()])]
}

function tell(told) {
  if (options.json) for (const row of told) console.log(JSON.stringify(row))
  return told
}

function print(name, found, seconds) {
  console.log(`\n${name} (${seconds.toFixed(0)} s)`)
  if (name === 'scale') return console.log(`${tableText(scaleTable(found), false)}\n${verdictText(found)}`)
  for (const { case: subject, metric, value, unit, spread } of found) {
    const apart = spread === undefined ? '' : ` (apart ${(100 * spread).toFixed(0)} %)`
    console.log(`  ${String(subject).padEnd(28)} ${metric.padEnd(22)} ${figure(value).padStart(10)} ${unit}${apart}`)
  }
}

/** Gives whether something got worse. */
function compare() {
  const lines = compareRuns(oldRows, rows)
  const say = options.json ? console.error : console.log
  say(`\n${tableText(comparisonTable(lines), false)}`)
  const count = verdict => lines.filter(line => line.verdict === verdict).length
  say(`beyond noise: ${count('better')} better, ${count('worse')} worse; ${count('same')} the same`)
  return count('worse') > 0
}

function fail(message) {
  console.error(
    `bench: ${message}; usage: npm run bench -- [${BENCHES.join('|')}|all] [--runs N] [--json] [--docs] [--compare OLD.json [NEW.json]]`,
  )
  process.exit(2)
}
