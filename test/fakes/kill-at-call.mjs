// Loaded into a daemon before its own code: kills it right before a call on its files, so that each moment can be met.
import { existsSync, readFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** While this file is there, calls on files of a folder `state` count; its number says which one is not done any more. */
const ARMED = process.env.LXC_TEST_KILL_AT ?? ''
let calls = 0

function called(path) {
  if (!/\/state(?:\/|$)/.test(String(path)) || !existsSync(ARMED)) return
  calls++
  if (calls === Number(readFileSync(ARMED, 'utf8'))) process.kill(process.pid, 'SIGKILL')
}

const { open } = files
for (const name of ['rm', 'rename']) {
  const real = files[name]
  files[name] = (path, ...words) => {
    called(path)
    return real(path, ...words)
  }
}
files.open = async (path, ...words) => {
  called(path)
  const handle = await open(path, ...words)
  for (const name of ['appendFile', 'sync', 'datasync', 'truncate']) {
    const real = handle[name].bind(handle)
    handle[name] = (...values) => {
      called(path)
      return real(...values)
    }
  }
  return handle
}
syncBuiltinESMExports()
