#!/usr/bin/env node
import { existsSync } from 'node:fs'
// npm run bench -- [monitor|store|forest|model|api|rest|dashboard|cluster|start|all] [--json]: measures, and prints a table or one JSON object per line.
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'

const BENCHES = ['monitor', 'store', 'forest', 'model', 'api', 'rest', 'dashboard', 'cluster', 'start']
const words = process.argv.slice(2)
const isJson = words.includes('--json')
const asked = words.filter(word => !word.startsWith('--'))
const unknown = [
  ...asked.filter(name => name !== 'all' && !BENCHES.includes(name)),
  ...words.filter(word => word.startsWith('--') && word !== '--json'),
]
if (unknown.length > 0) {
  console.error(`bench: unknown: ${unknown.join(' ')}; usage: npm run bench -- [${BENCHES.join('|')}|all] [--json]`)
  process.exit(2)
}
const names = asked.length === 0 || asked.includes('all') ? BENCHES : BENCHES.filter(name => asked.includes(name))

const rows = []
function report(row) {
  rows.push(row)
  if (isJson) console.log(JSON.stringify(row))
}

if (!isJson)
  console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node.js ${process.version}`)
for (const name of names) {
  const path = join(import.meta.dirname, 'bench', `${name}.mjs`)
  if (!existsSync(path)) throw new Error(`${path} is missing`)
  const { run } = await import(path)
  const first = rows.length
  await run(report)
  if (!isJson) printTable(name, rows.slice(first))
}

function printTable(name, measured) {
  console.log(`\n${name}`)
  for (const { case: subject, metric, value, unit } of measured) {
    const figure = Number.isInteger(value) ? String(value) : value.toPrecision(4)
    console.log(`  ${String(subject).padEnd(28)} ${metric.padEnd(22)} ${figure.padStart(10)} ${unit}`)
  }
}
