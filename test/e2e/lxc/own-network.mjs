import { spawn } from 'node:child_process'
import { TestHost } from './test-host.mjs'

/**
 * Runs a plan in a network namespace of its own: its bridge, the containers' network devices, the ports of the daemons and the
 * command sockets of LXC cannot meet those of anybody else, and go away with it. This process ends with the plan's exit code.
 */
export function runInOwnNetwork(plan, words = []) {
  // The plan is told to stop, and cleans up, also when this process is killed.
  const command = ['--net', 'setpriv', '--pdeathsig', 'TERM', process.execPath, plan, ...words]
  const child = spawn('unshare', command, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'))
  child.on('exit', (exitCode, signal) => {
    // Killed before it could clean up.
    if (signal !== null) new TestHost(child.pid).tearDown()
    process.exit(exitCode ?? 1)
  })
}
