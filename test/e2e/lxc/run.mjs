import { runInOwnNetwork } from './own-network.mjs'
import { installPackages, missingRequirement } from './requirements.mjs'
import { sweepKilledRuns } from './test-host.mjs'

/**
 * The three daemons on real LXC containers: node test/e2e/lxc/run.mjs */
const reason = missingRequirement()
if (reason !== undefined) {
  console.log(`# skipped: ${reason}`)
  console.log('lxc e2e: 0 passed, 0 failed, 1 skipped')
  process.exit(0)
}

installPackages()
sweepKilledRuns()

runInOwnNetwork(new URL('plan.mjs', import.meta.url).pathname)
