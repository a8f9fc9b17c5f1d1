/** Events of a source shorter than this are set against as many days: one event in a few days says little about the rate. */
const LEAST_DAYS = 30

/** Series -> figures: means over the series; events are pooled, so that one in half a day weighs no more than in a month. */
export function ofSource(rows) {
  const days = sum(rows, 'days')
  const entries = sum(rows, 'entries')
  const beyondSwap = sum(rows, 'beyondSwap')
  return {
    series: rows.length,
    days,
    ...means(rows, ['unusedPercent', 'shortPercent', 'changesPerDay']),
    entries,
    beyondSwap,
    entriesPer100Days: (100 * entries) / days,
    beyondSwapPer100Days: (100 * beyondSwap) / days,
  }
}

/** Several sources, each a list of series: the mean over sources, events pooled. */
export function ofSources(sources) {
  const each = sources.map(ofSource)
  return { ...ofSource(sources.flat()), ...means(each, ['unusedPercent', 'shortPercent', 'changesPerDay']) }
}

/** What a source is said to cost, in points of unused memory or cores; what is chosen has the least of it. */
export const COSTS = {
  memory: ({ unusedPercent, entries, beyondSwap, days }) =>
    unusedPercent + (100 * (3 * entries + 8 * beyondSwap)) / Math.max(days, LEAST_DAYS),
  cpu: ({ unusedPercent, shortPercent, changesPerDay }) => unusedPercent + 40 * shortPercent + 0.2 * changesPerDay,
}

/**
 * The 90 % interval of each number of `statistic(sources)` when the series of each source are drawn anew, with
 * replacement. Source: Efron, "Bootstrap methods", 1979; percentile intervals.
 */
export function bootstrap(sources, statistic, { random, draws = 400 }) {
  const drawn = Array.from({ length: draws }, () =>
    statistic(sources.map(series => series.map(() => series[random.below(series.length)]))),
  )
  return Object.fromEntries(
    Object.keys(drawn[0]).map(key => {
      const sorted = drawn.map(each => each[key]).toSorted((a, b) => a - b)
      return [key, [sorted[Math.floor(0.05 * draws)], sorted[Math.ceil(0.95 * draws) - 1]]]
    }),
  )
}

/** Points of cost that are chance: one event more or less in the worst source is more than this. */
const TIE_POINTS = 1

/**
 * For each source the choice that the others alone would make: the alternative that is least far from the best one in
 * the worst of them; of those that are as good there, the one with the smallest sum of distances.
 * @param costs alternative -> source -> cost; every alternative has every source
 */
export function leaveOneOut(costs) {
  const names = Object.keys(costs)
  const sources = Object.keys(costs[names[0]])
  const best = Object.fromEntries(sources.map(source => [source, Math.min(...names.map(name => costs[name][source]))]))
  return sources.map(leftOut => {
    const others = sources.filter(source => source !== leftOut)
    const ranked = names.map(name => {
      const regrets = others.map(source => costs[name][source] - best[source])
      return { name, worst: Math.max(...regrets), total: regrets.reduce((all, regret) => all + regret, 0) }
    })
    const least = Math.min(...ranked.map(({ worst }) => worst))
    const [chosen] = ranked.filter(({ worst }) => worst <= least + TIE_POINTS).toSorted((a, b) => a.total - b.total)
    return { leftOut, chosen: chosen.name, cost: costs[chosen.name][leftOut], best: best[leftOut] }
  })
}

function means(rows, keys) {
  return Object.fromEntries(keys.map(key => [key, sum(rows, key) / rows.length]))
}

function sum(rows, key) {
  return rows.reduce((all, row) => all + (row[key] ?? 0), 0)
}
