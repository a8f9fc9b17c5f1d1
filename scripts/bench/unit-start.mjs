import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeOfThisMachine } from '../package/carried-node.mjs'

const UNITS = join(import.meta.dirname, '..', '..', 'systemd')

/**
 * How systemd starts the daemon of a unit: with which options of Node.js and in which environment, both as its file says, and
 * with the Node.js that the package carries; with the one that runs this, where that cannot be fetched.
 */
export function startOfUnit(unit) {
  const text = readFileSync(join(UNITS, `${unit}.service`), 'utf8')
  const wordsOf = key => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap(([, words]) => words.split(' '))
  return {
    execPath: carriedNode() ?? process.execPath,
    flags: wordsOf('ExecStart').filter(word => word.startsWith('--')),
    environment: Object.fromEntries(wordsOf('Environment').map(word => word.split('='))),
  }
}

function carriedNode() {
  try {
    return nodeOfThisMachine().execPath
  } catch (error) {
    console.error(`bench: ${error.message}; measuring with ${process.version}`)
    return undefined
  }
}
