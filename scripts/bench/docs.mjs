// Writes what docs/performance.md shows of a run: each block of which everything was measured.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withBlock } from '../policy/generated-blocks.mjs'
import { goalsTable } from './goals.mjs'
import { machineText } from './machine.mjs'
import { predecessorTable } from './predecessor.mjs'
import { PICTURES, scalePictures, scaleTable, verdictText } from './scale-figures.mjs'

const docs = join(import.meta.dirname, '../../docs')
const page = join(docs, 'performance.md')
const pictures = join(docs, 'performance')

const BLOCKS = [
  { name: 'scale', benches: ['scale'], write: scaleBlock },
  { name: 'goals', benches: ['monitor', 'forest', 'model', 'api', 'start'], write: rows => markdown(goalsTable(rows)) },
  {
    name: 'predecessor',
    benches: ['scale', 'monitor', 'store', 'model', 'api'],
    write: rows => markdown(predecessorTable(rows)),
  },
]

export function writeDocs(rows) {
  const has = name => rows.some(({ bench }) => bench === name)
  let text = readFileSync(page, 'utf8')
  for (const { name, benches, write } of BLOCKS) {
    const missing = benches.filter(bench => !has(bench))
    if (missing.length > 0)
      console.error(`docs/performance.md: "${name}" stays as it was, without ${missing.join(', ')}`)
    else text = withBlock(text, name, `${machineText(rows[0])}.\n\n${write(rows)}`)
  }
  writeFileSync(page, text)
}

function scaleBlock(rows) {
  mkdirSync(pictures, { recursive: true })
  for (const [name, svg] of Object.entries(scalePictures(rows))) writeFileSync(join(pictures, `${name}.svg`), svg)
  // In one paragraph: side by side where there is room.
  const shown = Object.entries(PICTURES).map(([name, title]) => `![${title}, by containers](performance/${name}.svg)`)
  return `${shown.join('\n')}\n\n${verdictText(rows)}\n\n${markdown(scaleTable(rows))}`
}

function markdown({ header, rows }) {
  return `${[header, header.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')}\n`
}
