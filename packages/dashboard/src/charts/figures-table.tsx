import type { SeriesBody } from '@lxc-autoscale/core'
import { figureText, momentText } from './axis-text.ts'
import { type Column, chartsOf } from './chart.ts'

const ROWS = 20

/** The charts for who cannot see them: what they come to, and the newest figures. */
export function FiguresTable({ series, timesS }: { readonly series: SeriesBody; readonly timesS: readonly number[] }) {
  const { cpu, memory, throttling, pressure } = chartsOf(series)
  const columns = [cpu, memory, throttling, pressure].flatMap(({ title, unit, lines }) =>
    lines.map(({ label, column }) => ({ title: `${title} ${label}`, unit, column })),
  )
  const newest = timesS
    .map((timeS, at) => ({ timeS, at }))
    .slice(-ROWS)
    .reverse()
  return (
    <details class="figures">
      <summary>The figures as a table</summary>
      <p>
        CPU used {summaryText(series.cores_used, value => figureText('cores', value))} cores; memory used{' '}
        {summaryText(series.memory_used_mb, value => figureText('memory_mb', value))}. One row for each of the newest{' '}
        {ROWS} steps of {series.step_seconds} s.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must be able to */}
      <section class="scroll" tabIndex={0} aria-label="The newest figures">
        <table>
          <thead>
            <tr>
              <th scope="col">Until</th>
              {columns.map(({ title }) => (
                <th scope="col" key={title}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {newest.map(({ timeS, at }) => (
              <tr key={timeS}>
                <th scope="row">{momentText(timeS)}</th>
                {columns.map(({ title, unit, column }) => (
                  <td key={title}>{figureText(unit, column[at])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}

/** `0.1 to 3.2, 0.8 on average`. */
function summaryText(
  { min, mean, max }: SeriesBody['cores_used'],
  text: (value: number | undefined) => string,
): string {
  const known = (column: Column) => column.filter(value => value !== null)
  const means = known(mean)
  const average = means.length === 0 ? undefined : means.reduce((sum, value) => sum + value, 0) / means.length
  const [least] = known(min).sort((a, b) => a - b)
  const most = known(max)
    .sort((a, b) => a - b)
    .at(-1)
  return `${text(least)} to ${text(most)}, ${text(average)} on average`
}
