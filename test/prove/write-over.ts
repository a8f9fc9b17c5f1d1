import { readFileSync, truncateSync, writeFileSync } from 'node:fs'

/** A kernel file says `text` from now on, to whoever has it open too; one that is gone stays so. */
export function writeOver(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) return
    truncateSync(path)
    writeFileSync(path, text, { flag: 'r+' })
  } catch {
    // Its container has just stopped.
  }
}
