import { writeSync } from 'node:fs'
import { isErrno } from './files/json-file.ts'
import { COMMANDS } from './host/bin-commands.ts'
import { runCommand } from './run-command.ts'

/**
 * The process behind `pct`, `pvesh` and `pvecm`: arguments are the name of the command, the pretend host, and the words.
 * No library is loaded on this path, and of Node.js only what is used: starting up is most of the cost of a call.
 */
const [name, root = '', ...words] = process.argv.slice(2)
const command = COMMANDS.find(candidate => candidate === name)
if (command === undefined)
  throw new Error(`a command was called for '${name}', which is none of ${COMMANDS.join(', ')}`)

// No `await` here: the bundle of it is CommonJS.
void runCommand({
  command,
  root,
  words,
  output: { out: text => write(1, text), err: text => write(2, text) },
  startedMsAgo: performance.now(),
}).then(process.exit)

/** Writes all of `text` at once; a reader that went away is no reason to fail. */
function write(descriptor: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if (isErrno(error, 'EPIPE')) return
      if (!isErrno(error, 'EAGAIN')) throw error
    }
  }
}
