import { readFileSync } from 'node:fs'

// Prints "PASSED FAILED SKIPPED" of a log whose last count line reads '... N passed, N failed[, N skipped]'; a program that
// broke, or that counted nothing, is one failure.
const [log, exitCode] = process.argv.slice(2)
const matches = [...readFileSync(log, 'utf8').matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/g)]
const [, passed = '0', failed = '0', skipped = '0'] = matches.at(-1) ?? []
const isBroken = exitCode !== '0' || matches.length === 0
process.stdout.write(`${passed} ${isBroken && failed === '0' ? 1 : failed} ${skipped}\n`)
