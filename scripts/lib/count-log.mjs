import { appendFileSync, readFileSync } from 'node:fs'

// Prints "PASSED FAILED SKIPPED" of a log whose last count line reads '... N passed, N failed[, N skipped]'; a program that
// broke, or that counted nothing, is one failure. Its lines 'not ok - NAME' are appended to the file FAILURES.
const [log, exitCode, failures] = process.argv.slice(2)
const text = readFileSync(log, 'utf8')
appendFileSync(failures, [...text.matchAll(/^not ok - .*$/gm)].map(([line]) => `${line}\n`).join(''))
const matches = [...text.matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/g)]
const [, passed = '0', failed = '0', skipped = '0'] = matches.at(-1) ?? []
const isBroken = exitCode !== '0' || matches.length === 0
process.stdout.write(`${passed} ${isBroken && failed === '0' ? 1 : failed} ${skipped}\n`)
