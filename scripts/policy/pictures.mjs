import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replayedShapes } from '@lxc-autoscale/cli'
import { writeTables } from './docs-page.mjs'
import { pictureOf, shapesTable } from './shapes.mjs'

const folder = join(import.meta.dirname, '../../docs/sizing')
const MODES = [
  { mode: 'int', title: 'Whole cores' },
  { mode: 'frac', title: 'Tenths of a core' },
]

/** Draws each shape into docs/sizing and writes what they cost into docs/sizing.md. */
export async function pictures() {
  const replayed = []
  for (const { mode } of MODES) replayed.push(await replayedShapes(mode))
  mkdirSync(folder, { recursive: true })
  for (const shape of replayed[0]) writeFileSync(join(folder, `${shape.trace.name}.svg`), pictureOf(shape))
  writeTables(
    'shapes',
    MODES.map(({ title }, index) => shapesTable(title, replayed[index])),
  )
}
