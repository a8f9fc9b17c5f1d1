const EVENTS = [
  ['entriesPer100Days', 'above the limit / 100 days', 2],
  ['beyondSwapPer100Days', 'beyond swap / 100 days', 2],
]
const COLUMNS = {
  cpu: [['shortPercent', 'too small %', 3]],
  memory: EVENTS,
}

/** The figures of a resource that are shown: key, heading, digits. */
export function columnsOf(resource) {
  return [['unusedPercent', 'unused %', 1], ...COLUMNS[resource], ['changesPerDay', 'changes/day', 1]]
}

/** `61.1`, with an interval `61.1 (58.0 to 64.2)`. */
export function cell(value, digits, interval) {
  const text = value.toFixed(digits)
  return interval === undefined ? text : `${text} (${interval.map(bound => bound.toFixed(digits)).join(' to ')})`
}

/** Rows as a table in columns, or in Markdown under a heading that unfolds it. */
export function tableText({ title, header, rows }, isMarkdown) {
  if (isMarkdown) {
    const lines = [header, header.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
    return `<details><summary>${title}</summary>\n\n${lines.join('\n')}\n\n</details>\n`
  }
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map(cells => cells[column].length)))
  const lines = [header, ...rows].map(cells =>
    cells
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  )
  return `${title}\n\n${lines.join('\n')}\n`
}
