// node scripts/lib/audit.mjs: whether a vulnerability is known of what users get. Exit code 0 none, 1 some, 77 the registry does not say.
import { spawnSync } from 'node:child_process'

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 60_000 })
const { vulnerabilities, message } = parse(stdout)
if (vulnerabilities === undefined) {
  console.log(`the registry gives no answer to npm audit: ${message ?? 'no answer'}`)
  process.exitCode = 77
} else {
  for (const { name, severity } of Object.values(vulnerabilities))
    console.log(`${name}: ${severity}; npm audit --omit=dev`)
  process.exitCode = Object.keys(vulnerabilities).length === 0 ? 0 : 1
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    // It says nothing when it is ended by the time limit.
    return {}
  }
}
