#!/usr/bin/env node
// What the API starts to replay the history of one container: it takes one job, tells how far it is, and gives the result.
import { writeFileSync } from 'node:fs'
import { whatIf } from '../dist/what-if.js'

try {
  // Who is ended first for want of memory.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // A sandbox may forbid it. It is a courtesy.
}

const never = new Int32Array(new SharedArrayBuffer(4))
let workedSinceMs = performance.now()

/** Rests as long as it has worked: half of a core is left to the daemons. (To lower its priority a sandbox would have to be opened.) */
function rest() {
  Atomics.wait(never, 0, 0, performance.now() - workedSinceMs)
  workedSinceMs = performance.now()
}

process.once('disconnect', () => process.exit(0))
process.once('message', job => {
  const result = whatIf(job, progress => {
    process.send({ progress })
    rest()
  })
  process.send({ result }, () => process.disconnect())
})
