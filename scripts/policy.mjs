#!/usr/bin/env node
// npm run policy -- pictures: draws what docs/sizing.md shows of the workload shapes, and writes their figures.
// npm run policy -- anomaly [--traces DIR] [--labelled DIR] [--seed N] [--markdown] [--docs]: what the verdict "abnormal" is worth.
// npm run policy -- warm-start [--traces DIR] [--only WORD] [--seed N] [--markdown] [--docs]: the first days with what Proxmox kept, and without.
// npm run policy -- evaluate [--traces DIR] [--only NAME,...] [--json FILE] [--seed N] [--markdown] [--docs]: what the constants of `adaptive` give, and others.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import * as model from '@lxc-autoscale/model'
import { ALTERNATIVES } from './policy/alternatives.mjs'
import { writeBlock, writeTables } from './policy/docs-page.mjs'
import { changed, costLines, IN_FORCE, tablesOf, VIEWS } from './policy/evaluation.mjs'
import { archivedSeries, generatedSeries } from './policy/sources.mjs'
import { tableText } from './policy/tables.mjs'

if (process.argv[2] === 'pictures') {
  const { pictures } = await import('./policy/pictures.mjs')
  await pictures()
  process.exit()
}

if (process.argv[2] === 'anomaly') {
  const { anomaly } = await import('./policy/anomaly.mjs')
  anomaly(process.argv.slice(3))
  process.exit()
}

if (process.argv[2] === 'warm-start') {
  const { warmStart } = await import('./policy/warm-start.mjs')
  await warmStart(process.argv.slice(3))
  process.exit()
}

const WORKERS = 2
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    traces: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    seed: { type: 'string', default: '1' },
    markdown: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
  },
})
if (positionals.join() !== 'evaluate') fail('say what to do: evaluate, warm-start, anomaly or pictures')
const seed = Number(options.seed)
if (!Number.isSafeInteger(seed) || seed < 0) fail(`--seed ${options.seed}: must be a whole number from 0 on`)

const candidates = chosenAlternatives().map(({ name, changes }) => ({
  name,
  resources: Object.keys(changes),
  parameters: changed(model.ADAPTIVE_PARAMETERS, changes),
}))
candidates.unshift({ name: IN_FORCE, resources: ['cpu', 'memory'], parameters: model.ADAPTIVE_PARAMETERS })
const series = [...(options.traces === undefined ? [] : archivedSeries(options.traces)), ...generatedSeries(seed)]
const groups = Object.fromEntries(series.map(({ source, group }) => [source, group]))

const jobs = jobsOf()
const begunMs = performance.now()
const results = gathered(jobs, await scoresOf(jobs))
const seconds = (performance.now() - begunMs) / 1_000
const tables = tablesOf({ results, groups, alternatives: chosenAlternatives(), seed })
for (const table of tables) console.log(tableText(table, options.markdown))
if (options.docs) {
  writeTables(
    'evaluation',
    tables.filter(({ isLong }) => !isLong),
  )
  writeBlock('cost', costLines(results))
}
console.error(`${candidates.length} x ${series.length} series: ${seconds.toFixed(0)} s`)
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ seed, groups, results }, undefined, 1)}\n`)

function chosenAlternatives() {
  if (options.only === undefined) return ALTERNATIVES
  return options.only.split(',').map(name => {
    const found = ALTERNATIVES.find(alternative => alternative.name === name)
    return found ?? fail(`no alternative ${name}; there are ${ALTERNATIVES.map(each => each.name).join(', ')}`)
  })
}

/** One replay each: a series, sized by a candidate, with whole cores or tenths, for the views that it serves. */
function jobsOf() {
  return candidates.flatMap(candidate =>
    series.flatMap(({ resources }, seriesIndex) =>
      [1, 0.1].flatMap(coresStep => {
        const views = VIEWS.filter(
          view =>
            view.coresStep === coresStep &&
            resources.includes(view.resource) &&
            candidate.resources.includes(view.resource),
        )
        return views.length === 0 ? [] : [{ candidate, seriesIndex, coresStep, views }]
      }),
    ),
  )
}

/** The scores of `jobs`, each job on the next worker that is free. */
async function scoresOf(jobs) {
  const waiting = jobs.entries()
  const scores = []
  const workerData = { traces: series.map(({ trace }) => trace) }
  const work = async () => {
    const worker = new Worker(new URL('./policy/worker.mjs', import.meta.url), { workerData })
    for (const [index, { candidate, seriesIndex, coresStep }] of waiting) {
      const answer = once(worker, 'message')
      worker.postMessage({ seriesIndex, coresStep, parameters: candidate.parameters })
      scores[index] = (await answer)[0]
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  return scores
}

/** View -> candidate -> source -> figures of its series. */
function gathered(jobs, scores) {
  const results = Object.fromEntries(VIEWS.map(({ name }) => [name, {}]))
  jobs.forEach(({ candidate, seriesIndex, views }, index) => {
    const { source, trace } = series[seriesIndex]
    for (const { name, resource } of views) {
      results[name][candidate.name] ??= {}
      results[name][candidate.name][source] ??= []
      results[name][candidate.name][source].push({ series: trace.name, ...scores[index][resource] })
    }
  })
  return results
}

function fail(message) {
  console.error(`policy: ${message}`)
  process.exit(2)
}
