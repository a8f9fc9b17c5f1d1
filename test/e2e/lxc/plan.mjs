import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Checklist } from './checklist.mjs'
import { Daemon } from './daemon.mjs'
import { apiConfig, modelConfig, monitorConfig } from './daemon-configs.mjs'
import { MetricsFile } from './metrics-file.mjs'
import { adaptivePolicyGrows } from './scenarios/adaptive-policy-grows.mjs'
import { containerIsRestarted } from './scenarios/container-is-restarted.mjs'
import { containersAreFound } from './scenarios/containers-are-found.mjs'
import { cpuIsMeasured } from './scenarios/cpu-is-measured.mjs'
import { daemonsStop } from './scenarios/daemons-stop.mjs'
import { diskIsMeasured } from './scenarios/disk-is-measured.mjs'
import { loadIsScaled } from './scenarios/load-is-scaled.mjs'
import { memoryIsMeasured } from './scenarios/memory-is-measured.mjs'
import { networkIsMeasured } from './scenarios/network-is-measured.mjs'
import { shrinkBelowUseIsRefused } from './scenarios/shrink-below-use-is-refused.mjs'
import { TestHost } from './test-host.mjs'
import { UsageRecorder } from './usage-recorder.mjs'

/** The containers of the test. Those with the smallest allocation that the model may give have nothing to lose. */
const CONTAINERS = {
  web: { options: { cores: '1', memory: '256' } },
  neighbour: { options: { cores: '1', memory: '256' }, isUnprivileged: true },
  limited: { options: { cores: '2', cpulimit: '0.5', memory: '256' } },
  holder: { options: { cores: '1', memory: '512' }, isUnprivileged: true },
  worker: { options: { cores: '1', memory: '512' } },
}

const host = new TestHost(process.pid)
const checks = new Checklist()
process.on('exit', () => host.tearDown())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

spawnSync('ip', ['link', 'set', 'lo', 'up'])
host.setUp()
const containers = {}
for (const [name, spec] of Object.entries(CONTAINERS)) containers[name] = await host.addContainer({ name, ...spec })

const metricsPath = join(host.dir, 'lxc_metrics.json')
const ignored = [containers.limited, containers.holder, containers.worker]
const daemons = {
  monitor: new Daemon(host, {
    name: 'lxc_monitor',
    script: 'monitor/bin/lxc-monitor.mjs',
    config: monitorConfig(host, metricsPath),
  }),
  api: new Daemon(host, {
    name: 'lxc_autoscale_api',
    script: 'api/bin/lxc-autoscale-api.mjs',
    config: apiConfig(host, metricsPath),
  }),
  model: new Daemon(host, {
    name: 'lxc_autoscale_ml',
    script: 'model/bin/lxc-autoscale-ml.mjs',
    config: modelConfig(host, metricsPath, ignored),
  }),
}
const recorder = new UsageRecorder(host.vmids)
const context = { host, checks, containers, daemons, recorder, metrics: new MetricsFile(metricsPath) }

daemons.monitor.start()
await checks.scenario('containers are found', () => containersAreFound(context))
await checks.scenario('CPU is measured', () => cpuIsMeasured(context))
await checks.scenario('memory is measured', () => memoryIsMeasured(context))
await checks.scenario('network is measured', () => networkIsMeasured(context))
await checks.scenario('disk operations are measured', () => diskIsMeasured(context))
await checks.scenario('a container is restarted', () => containerIsRestarted(context))
daemons.api.start()
daemons.model.start()
await checks.scenario('a load is scaled', () => loadIsScaled(context))
await checks.scenario('the policy adaptive grows', () => adaptivePolicyGrows(context))
await checks.scenario('a shrink below use is refused', () => shrinkBelowUseIsRefused(context))
await checks.scenario('the daemons stop', () => daemonsStop(context))

recorder.stop()
if (checks.failed > 0) {
  for (const daemon of Object.values(daemons))
    console.log(`# the end of the log of ${daemon.name}:\n${daemon.logTail()}`)
}
console.log(`lxc e2e: ${checks.passed} passed, ${checks.failed} failed`)
process.exit(checks.failed === 0 ? 0 : 1)
