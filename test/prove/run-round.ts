import { Client } from './client.ts'
import { DAEMON_NAMES, type DaemonName } from './daemon-names.ts'
import { FAULTS } from './faults/index.ts'
import { lookAtLeftOvers } from './left-overs.ts'
import { Observer } from './observer.ts'
import type { CarriedOutFault, RoundRecord, Stop } from './record.ts'
import { awaitRecovery, isModelDeciding, isMonitorMeasuring } from './recovery.ts'
import type { RoundPlan, ScheduledFault } from './schedule.ts'
import { type Abilities, Site } from './site.ts'

const START_PATIENCE_MS = 120_000
/** Longer than systemd waits: the check tells who is late. */
const STOP_PATIENCE_MS = 12_000
/** What was asked for last is to end, and its effects to be seen, before all is stopped. */
const SETTLE_MS = 1_500

/** Carries a plan out and gives all that was seen. Removes everything afterwards, also when it fails or is aborted. */
export async function runRound(
  plan: RoundPlan,
  { abilities, root }: { abilities: Abilities; root: string },
): Promise<RoundRecord> {
  const site = await Site.create(plan, abilities, root)
  const abandon = () => site.abandon()
  process.on('exit', abandon)
  try {
    return await carryOut(site)
  } finally {
    process.off('exit', abandon)
    await Promise.all(DAEMON_NAMES.map(name => site.daemons[name].stop(1_000)))
    await site.remove()
  }
}

async function carryOut(site: Site): Promise<RoundRecord> {
  const { plan } = site
  const observer = new Observer(site)
  const client = new Client(site)
  await startAll(site)
  site.begin()
  observer.start()
  client.start(plan.requests)
  const faults = await carryOutFaults(site)
  const recovery = await awaitRecovery(site)
  await client.finish()
  await pause(SETTLE_MS)
  observer.lookAtProcesses()
  observer.lookAtAudit()
  const stops = await stopAll(site)
  await site.stopEngine()
  observer.stop()
  const left = await lookAtLeftOvers(site, faults)
  const runs = DAEMON_NAMES.flatMap(name => site.daemons[name].runs(site.startMs))
  return {
    settings: plan.settings,
    containerCount: plan.containers.length + plan.requests.length,
    faults,
    commands: observer.commands,
    kills: site.kills,
    requests: client.sent,
    audit: observer.audit,
    processes: runs,
    samples: observer.samples,
    recovery,
    stops,
    machineLagMs: observer.machineLagMs,
    left,
  }
}

async function startAll(site: Site): Promise<void> {
  site.startEngine()
  for (const name of DAEMON_NAMES) site.daemons[name].start()
  const endMs = site.nowMs() + START_PATIENCE_MS
  while (!isMonitorMeasuring(site) || !isModelDeciding(site)) {
    if (site.nowMs() > endMs) {
      const said = DAEMON_NAMES.map(name => site.daemons[name].output.slice(-1_000)).join('\n')
      throw new Error(`the daemons did not begin to work:\n${said}`)
    }
    await pause(100)
  }
}

/** Begins and ends each fault at its time; resolves when all are over. */
async function carryOutFaults(site: Site): Promise<readonly CarriedOutFault[]> {
  const { faults, durationMs } = site.plan
  const running = faults.map(fault => carryOutOne(site, fault))
  await Promise.all([...running, pause(durationMs)])
  return await Promise.all(running)
}

async function carryOutOne(site: Site, scheduled: ScheduledFault): Promise<CarriedOutFault> {
  const fault = FAULTS.find(({ name }) => name === scheduled.fault)
  const reason = fault === undefined ? 'there is no such fault' : fault.unavailable?.(site.abilities)
  if (fault === undefined || reason !== undefined)
    return { ...scheduled, beganMs: 0, endedMs: 0, notDone: reason ?? '' }
  await pause(scheduled.atMs - site.nowMs())
  const beganMs = site.nowMs()
  try {
    const end = await fault.begin(site, scheduled.on)
    await pause(scheduled.forMs)
    await end()
    return { ...scheduled, beganMs, endedMs: site.nowMs() }
  } catch (error) {
    const notDone = error instanceof Error ? error.message : String(error)
    return { ...scheduled, beganMs, endedMs: site.nowMs(), notDone }
  }
}

/** The model first: what it has asked for is to be done before the API is told to stop. */
async function stopAll(site: Site): Promise<readonly Stop[]> {
  const stop = async (daemon: DaemonName) =>
    (await site.daemons[daemon].stop(STOP_PATIENCE_MS)).map(one => ({ daemon, ...one }))
  const model = await stop('model')
  await pause(SETTLE_MS)
  const others = await Promise.all([stop('monitor'), stop('api')])
  return [...model, ...others.flat()]
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, Math.max(0, ms)))
}
