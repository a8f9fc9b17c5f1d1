import { parseArgs } from 'node:util'
import { runInOwnNetwork } from '../lxc/own-network.mjs'
import { installPackages, missingRequirement } from '../lxc/requirements.mjs'
import { sweepKilledRuns } from '../lxc/test-host.mjs'
import { debianTree } from './debian-tree.mjs'

/**
 * Real software in real LXC containers while the daemons size them:
 * npm run prove:real -- [--minutes N] [--day-seconds N] [--json FILE] [--svg FILE]
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    'day-seconds': { type: 'string', default: '300' },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
})
const [minutes, daySeconds] = [Number(values.minutes), Number(values['day-seconds'])]
if (!(minutes >= 0 && minutes <= 600 && daySeconds >= 60)) {
  console.error('expected --minutes from 0 to 600 and --day-seconds of at least 60')
  process.exit(2)
}

const reason = missingRequirement({ mayBeUnified: true })
if (reason !== undefined) {
  console.log(`# skipped: ${reason}`)
  console.log('prove real: 0 passed, 0 failed, 1 skipped')
  process.exit(0)
}

installPackages(['mmdebstrap'])
sweepKilledRuns()
const settings = { minutes, daySeconds, json: values.json, svg: values.svg, tree: debianTree() }
runInOwnNetwork(new URL('plan.mjs', import.meta.url).pathname, [JSON.stringify(settings)])
