import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withBlock } from './generated-blocks.mjs'
import { tableText } from './tables.mjs'

const PAGE = join(import.meta.dirname, '../../docs/sizing.md')

/** Puts `content` into the block of that name of docs/sizing.md. */
export function writeBlock(name, content) {
  writeFileSync(PAGE, withBlock(readFileSync(PAGE, 'utf8'), name, content))
}

/** Puts tables, folded away, into the block of that name of docs/sizing.md. */
export function writeTables(name, tables) {
  writeBlock(name, tables.map(table => tableText(table, true)).join('\n'))
}
