import { appendFileSync, readFileSync } from 'node:fs'

// Prints "PASSED FAILED SKIPPED" of a Vitest JSON report; a run that broke without a failed test counts as one failure.
// The names of the failed tests are appended to the file FAILURES.
const [report, exitCode, failures] = process.argv.slice(2)
let counts = { passed: 0, failed: 0, skipped: 0 }
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  const failed = testResults.flatMap(file => [
    ...(file.status === 'failed' && file.assertionResults.length === 0 ? [`${file.name}: ${file.message}`] : []),
    ...file.assertionResults.filter(one => one.status === 'failed').map(one => `${file.name}: ${one.fullName}`),
  ])
  for (const { name, assertionResults } of testResults)
    for (const { status, fullName, failureMessages } of assertionResults)
      if (status === 'passed' && failureMessages.length > 0)
        process.stderr.write(
          `unsteady: ${name}: ${fullName}: right at its second try; at first: ${failureMessages[0]}\n`,
        )
  appendFileSync(failures, failed.map(name => `${name}\n`).join(''))
  counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
} catch {
  // No report: the exit code below says that the run broke.
}
if (exitCode !== '0' && counts.failed === 0) counts.failed = 1
process.stdout.write(`${counts.passed} ${counts.failed} ${counts.skipped}\n`)
