import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { type ContainerSample, systemClock } from '@lxc-autoscale/core'
import { BYTES_PER_GB } from '@lxc-autoscale/core/units'
import { saveLearned } from '@lxc-autoscale/model'
import type { PretendHost } from '../create-host.ts'
import { kernelTexts } from '../engine/container-state.ts'
import { HOST_DISK } from '../engine/host-figures.ts'
import { containerCgroup } from '../files/host-paths.ts'
import { readRun } from '../host/runs.ts'
import { inodeOf } from '../kernel/cgroup-tree.ts'
import { writeKernelFile } from '../kernel/kernel-file.ts'
import { apiState, type DemoPlaces, metricsFile, modelState } from './daemon-configs.ts'
import { cycleLine, type MadeUpPast } from './made-up-past.ts'
import { writePastFiles } from './past-files.ts'

/** Mode of what a daemon would have written for the others of its group. */
const FOR_THE_GROUP = 0o640

/** Leaves on the pretend host, and where the daemons look, what the past would have left there. */
export async function moveIn(
  past: MadeUpPast,
  host: PretendHost & { readonly cores: number; readonly memoryMb: number },
  places: DemoPlaces,
): Promise<void> {
  for (const [vmid, { state }] of past.containers) writeKernelFiles(host, vmid, state)
  writePastFiles(host, past)
  const files = filesOf(host.root)
  const runIds = new Map([...past.containers.keys()].map(vmid => [vmid, inodeOf(containerCgroup(host.paths, vmid))]))
  const more = (vmid: number) => ({ runId: runIds.get(vmid), ...files })
  const lines = past.cycles.map(cycle => cycleLine(cycle, more, host))
  writeFileSync(metricsFile(places), `[\n${lines.join(',\n')}\n]\n`, { mode: FOR_THE_GROUP })
  for (const directory of [apiState(places), modelState(places)]) mkdirSync(directory, { mode: 0o750 })
  const changes = past.changes.map(change => `${JSON.stringify(change)}\n`).join('')
  writeFileSync(`${apiState(places)}/audit.jsonl`, changes, { mode: FOR_THE_GROUP })
  const sizers = new Map(
    [...past.containers].map(([vmid, { sizer }]) => [vmid, { newestMs: past.stoppedMs, sizer: sizer.serialise() }]),
  )
  const boot = systemClock.sinceBoot() ?? { id: '', seconds: 0 }
  const moment = { ms: systemClock.nowMs(), boot }
  await saveLearned(modelState(places), { sizers, forests: past.anomalies.serialise(), moment })
}

function writeKernelFiles(host: PretendHost, vmid: number, state: Parameters<typeof kernelTexts>[1]): void {
  const run = readRun(host.paths, vmid)
  if (run === undefined) return
  const place = {
    cgroup: containerCgroup(host.paths, vmid),
    initProcess: `${host.paths.proc}/${run.initPid}`,
    device: HOST_DISK.number,
  }
  for (const [path, text] of kernelTexts(place, state)) writeKernelFile(path, text)
}

/** All root file systems are the one that the pretend host lies on. */
function filesOf(root: string): Partial<ContainerSample> {
  const { blocks, bfree, bavail, bsize } = statfsSync(root)
  const gb = (count: number) => (count * bsize) / BYTES_PER_GB
  return { filesystemUsageGb: gb(blocks - bfree), filesystemFreeGb: gb(bavail), filesystemTotalGb: gb(blocks) }
}
