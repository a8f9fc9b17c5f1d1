import { spawn } from 'node:child_process'
import { installPackages, missingRequirement } from './requirements.mjs'
import { sweepKilledRuns, TestHost } from './test-host.mjs'

/**
 * The three daemons on real LXC containers: node test/e2e/lxc/run.mjs
 *
 * The test itself (plan.mjs) runs in a network namespace of its own: its bridge, the containers' network devices, the ports of the
 * daemons and the command sockets of LXC cannot meet those of anybody else, and go away with it.
 */
const reason = missingRequirement()
if (reason !== undefined) {
  console.log(`# skipped: ${reason}`)
  console.log('lxc e2e: 0 passed, 0 failed, 1 skipped')
  process.exit(0)
}

installPackages()
sweepKilledRuns()

const plan = new URL('plan.mjs', import.meta.url).pathname
// The plan is told to stop, and cleans up, also when this process is killed.
const command = ['--net', 'setpriv', '--pdeathsig', 'TERM', process.execPath, plan]
const child = spawn('unshare', command, { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'))
child.on('exit', (exitCode, signal) => {
  // Killed before it could clean up.
  if (signal !== null) new TestHost(child.pid).tearDown()
  process.exit(exitCode ?? 1)
})
