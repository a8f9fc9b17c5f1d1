#!/usr/bin/env node
// What the API starts to replay the history of one container: it takes one job, tells how far it is, and gives the result.
import { writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { whatIf } from '../dist/what-if.js'

// Whoever has to give way to somebody gives way to the daemons: for the processor, and for memory.
const giveWay = [
  () => setPriority(constants.priority.PRIORITY_LOW),
  () => writeFileSync('/proc/self/oom_score_adj', '1000'),
]
for (const give of giveWay) {
  try {
    give()
  } catch {
    // A sandbox may forbid it. It is a courtesy.
  }
}

process.once('disconnect', () => process.exit(0))
process.once('message', job => {
  const result = whatIf(job, progress => process.send({ progress }))
  process.send({ result }, () => process.disconnect())
})
