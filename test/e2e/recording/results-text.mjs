/** Pieces of a Markdown page from what the long runs wrote: npm run prove:real, npm run prove:soak. */

/** @param results what `npm run prove:real -- --json FILE` wrote */
export function realText({ at, minutes, days, machine, software, services, awkward }) {
  return `${software.join(', ')}, each in an LXC container of its own, asked from another container for ${minutes} minutes (${days} days of
load: quiet nights, busy days), while the three daemons sized them. ${at.slice(0, 10)}; ${machine}.

| service | requests | failed | killed | changes |
|---|---|---|---|---|
${rows(services.map(({ name, requests, failed, kills, effects }) => [name, requests, failed, kills.length, changesText(effects)]))}

Answered a second and the 99th percentile of latency in the ten seconds before a change, the three seconds of it, and the ten
seconds after: medians over slices of a second, in brackets the slowest slice. The line "no change" is of moments of the same run
at which nothing changed, and shows what the load and the machine do by themselves.

| service | change | times | failed | before | during | after |
|---|---|---|---|---|---|---|
${rows(services.flatMap(({ name, effects }) => effects.map(effect => [name, effect.kind, effect.count, effect.failed, ...stages(effect)])))}

What is hard to take memory from, or to measure:

| load | seen | killed |
|---|---|---|
${rows(awkward.map(({ name, seen, kills }) => [name, seen, kills]))}
`
}

/** @param results what `npm run prove:soak -- --json FILE` wrote */
export function soakText({ machine, runs }) {
  const figures = runs.flatMap(({ containers, speed, minutes, load, changes, flat }) =>
    Object.entries(flat).flatMap(([name, own]) =>
      Object.entries(own).map(([figure, { level, rise, isFlat }]) => [
        `${containers} containers, ${minutes} min at speed ${speed} (load ${load}, ${changes} changes)`,
        name,
        FIGURES[figure],
        level,
        rise,
        isFlat ? 'yes' : 'no',
      ]),
    ),
  )
  return `On a pretend host; ${machine}. "Rise" is what the least squares line through the second half of the run gained in it.

| run | of | figure | mean | rise | flat |
|---|---|---|---|---|---|
${rows(figures)}
`
}

const FIGURES = { cpuPercent: 'CPU, % of a core', rssMb: 'memory, MB', descriptors: 'open files', sizeMb: 'size, MB' }

function rows(cells) {
  return cells.map(row => `| ${row.join(' | ')} |`).join('\n')
}

function changesText(effects) {
  const changes = effects.filter(({ kind }) => kind !== 'no change')
  return changes.map(({ kind, count }) => `${kind} ${count}`).join(', ')
}

function stages({ before, during, after }) {
  return [before, during, after].map(stage =>
    stage === undefined ? '' : `${stage.perSecond}/s, ${stage.p99Ms} ms (${stage.worstP99Ms})`,
  )
}
