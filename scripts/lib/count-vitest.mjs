import { readFileSync } from 'node:fs'

// Prints "PASSED FAILED SKIPPED" of a Vitest JSON report; a run that broke without a failed test counts as one failure.
const [report, exitCode] = process.argv.slice(2)
let counts = { passed: 0, failed: 0, skipped: 0 }
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'))
  counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
} catch {
  // No report: the exit code below says that the run broke.
}
if (exitCode !== '0' && counts.failed === 0) counts.failed = 1
process.stdout.write(`${counts.passed} ${counts.failed} ${counts.skipped}\n`)
