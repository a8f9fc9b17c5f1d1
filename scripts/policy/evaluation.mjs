import { Random } from '@lxc-autoscale/model'
import { bootstrap, COSTS, leaveOneOut, ofSource, ofSources } from './figures.mjs'
import { cell, columnsOf } from './tables.mjs'

/** What is judged: cores given whole or in tenths, and memory (in the run with whole cores). */
export const VIEWS = [
  { name: 'whole cores', resource: 'cpu', coresStep: 1 },
  { name: 'tenths of a core', resource: 'cpu', coresStep: 0.1 },
  { name: 'memory', resource: 'memory', coresStep: 1 },
]

export const IN_FORCE = 'in force'

/** Parameters with `changes` put over them; lists are replaced. @throws {RangeError} when there is no such parameter. */
export function changed(parameters, changes, path = '') {
  const unknown = Object.keys(changes).find(key => !(key in parameters))
  if (unknown !== undefined) throw new RangeError(`no parameter ${path}${unknown}`)
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => {
      const change = changes[key]
      const isSection = change?.constructor === Object && value?.constructor === Object
      return [key, isSection ? changed(value, change, `${path}${key}.`) : (change ?? value)]
    }),
  )
}

/**
 * The tables of an evaluation. `results`: view -> alternative -> source -> figures of its series, in the same order for each
 * alternative; an alternative is left out of the views that it does not touch. `groups`: source -> group.
 */
export function tablesOf({ results, groups, seed }) {
  const draw = (sources, statistic) => bootstrap(sources, statistic, { random: new Random(seed, 1) })
  return [
    ...VIEWS.map(view => inForceTable(view, results[view.name][IN_FORCE], groups, draw)),
    ...VIEWS.map(view => alternativesTable(view, results[view.name], groups, draw)),
    ...['cpu', 'memory'].map(resource => leftOutTable(resource, results, draw)),
  ]
}

function inForceTable({ name, resource }, bySource, groups, draw) {
  const columns = columnsOf(resource)
  const row = (label, sources, statistic) => {
    const figures = statistic(sources)
    const intervals = draw(sources, statistic)
    const cells = columns.map(([key, , digits]) => cell(figures[key], digits, intervals[key]))
    return [label, `${figures.series}`, figures.days.toFixed(0), ...cells]
  }
  return {
    title: `${name}: the constants in force, with 90 % intervals`,
    header: ['source', 'series', 'days', ...columns.map(([, heading]) => heading)],
    rows: [
      ...Object.entries(bySource).map(([source, series]) => row(source, [series], ([drawn]) => ofSource(drawn))),
      ...groupsIn(bySource, groups).map(([group, sources]) =>
        row(
          `all ${group}`,
          sources.map(source => bySource[source]),
          ofSources,
        ),
      ),
    ],
  }
}

function alternativesTable({ name, resource }, byAlternative, groups, draw) {
  const columns = columnsOf(resource)
  const inForce = byAlternative[IN_FORCE]
  const rows = groupsIn(inForce, groups).flatMap(([group, sources]) =>
    Object.entries(byAlternative).map(([alternative, bySource]) => {
      const pairs = sources.map(source => bySource[source].map((figures, index) => [figures, inForce[source][index]]))
      const difference = drawn => ({
        cost: meanCost(resource, drawn.map(side(0))) - meanCost(resource, drawn.map(side(1))),
      })
      const figures = ofSources(sources.map(source => bySource[source]))
      return [
        group,
        alternative,
        ...columns.map(([key, , digits]) => cell(figures[key], digits)),
        alternative === IN_FORCE ? '' : cell(difference(pairs).cost, 2, draw(pairs, difference).cost),
      ]
    }),
  )
  return {
    title: `${name}: the alternatives`,
    header: ['sources', 'constants', ...columns.map(([, heading]) => heading), 'cost against those in force'],
    rows,
  }
}

function side(index) {
  return series => series.map(pair => pair[index])
}

function meanCost(resource, sources) {
  return sources.reduce((sum, series) => sum + COSTS[resource](ofSource(series)), 0) / sources.length
}

/** What is chosen without a source, and what that gives on it: the figure to believe. */
function leftOutTable(resource, results, draw) {
  const views = VIEWS.filter(view => view.resource === resource)
  const names = Object.keys(results[views[0].name])
  const sources = Object.keys(results[views[0].name][IN_FORCE])
  const seriesOf = (view, name, source) => results[view.name][name][source]
  const costOf = (name, source) =>
    views.reduce((sum, view) => sum + COSTS[resource](ofSource(seriesOf(view, name, source))), 0) / views.length
  const costs = Object.fromEntries(
    names.map(name => [name, Object.fromEntries(sources.map(source => [source, costOf(name, source)]))]),
  )
  const choices = leaveOneOut(costs)
  const columns = views.flatMap(view => columnsOf(resource).map(column => ({ view, column })))
  const rows = choices.map(({ leftOut, chosen, cost, best }) => [
    leftOut,
    chosen,
    ...[cost, costs[IN_FORCE][leftOut], best].map(value => value.toFixed(1)),
    ...columns.map(({ view, column: [key, , digits] }) => cell(ofSource(seriesOf(view, chosen, leftOut))[key], digits)),
  ])
  const mean = pick => (choices.reduce((sum, choice) => sum + pick(choice), 0) / choices.length).toFixed(1)
  const all = [
    'all left out in turn',
    '',
    mean(({ cost }) => cost),
    mean(({ leftOut }) => costs[IN_FORCE][leftOut]),
    mean(({ best }) => best),
    ...views.flatMap(view => {
      const chosenSeries = choices.map(({ leftOut, chosen }) => seriesOf(view, chosen, leftOut))
      const figures = ofSources(chosenSeries)
      const intervals = draw(chosenSeries, ofSources)
      return columnsOf(resource).map(([key, , digits]) => cell(figures[key], digits, intervals[key]))
    }),
  ]
  return {
    title: `${resource === 'cpu' ? 'cores' : 'memory'}: chosen without the source, judged on it`,
    header: [
      'left out',
      'chosen by the others',
      'cost',
      'in force',
      'best of all',
      ...columns.map(({ view, column: [, heading] }) => (views.length > 1 ? `${view.name}: ${heading}` : heading)),
    ],
    rows: [...rows, all],
  }
}

/** [group, its sources] of those that are in `bySource`. */
function groupsIn(bySource, groups) {
  const sources = Object.keys(bySource)
  return [...new Set(sources.map(source => groups[source]))].map(group => [
    group,
    sources.filter(source => groups[source] === group),
  ])
}
