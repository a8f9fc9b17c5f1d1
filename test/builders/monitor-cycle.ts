import { type FileCalls, HostFiles } from '../../packages/host/src/host-files.ts'
import { Cycle, type CycleParts } from '../../packages/monitor/src/cycle.ts'
import { ContainerList } from '../../packages/monitor/src/host/container-list.ts'
import { HostContainers } from '../../packages/monitor/src/host/host-containers.ts'
import { LxcConfs } from '../../packages/monitor/src/host/lxc-confs.ts'
import { FakeClock } from '../fakes/fake-clock.ts'
import { MemoryStore } from '../fakes/memory-store.ts'
import { recordingLog } from '../fakes/recording-log.ts'

export interface CycleSetUp {
  readonly host: { readonly proc: string; readonly cgroup: string; readonly pve: string }
  readonly parts?: Partial<CycleParts>
  readonly calls?: FileCalls
  /** Takes every container that the kernel runs: no configuration is read. */
  readonly isWithoutConfigs?: boolean
}

/** A cycle of the monitor over a host's files, with a clock that stands still and a store in memory. */
export function monitorCycle({ host, parts = {}, calls, isWithoutConfigs = false }: CycleSetUp) {
  const clock = new FakeClock()
  const store = new MemoryStore()
  const { log, messages, lines } = recordingLog()
  const files = calls === undefined ? new HostFiles() : new HostFiles(Number.POSITIVE_INFINITY, calls)
  const list = new ContainerList(files, host)
  const configured = new HostContainers({
    list,
    confs: new LxcConfs(host.pve, clock),
    clock,
    log,
    pct: { timeoutSeconds: 1, retryLimit: 1, retryDelaySeconds: 0 },
    runPct: () => Promise.reject(new Error('no pct in this test')),
  })
  const cycle = new Cycle({
    clock,
    log,
    files,
    proc: host.proc,
    containers: isWithoutConfigs ? { list: async () => list.list(undefined), configured: () => undefined } : configured,
    filesystems: undefined,
    store,
    ownUsage: () => ({ monotonicMs: clock.monotonicMs(), cpuMs: 0, rssBytes: 64 * 1_048_576 }),
    countsDevice: () => true,
    collectors: { off: new Set<string>(), rollingWindow: 60 },
    ...parts,
  })
  return {
    clock,
    store,
    files,
    cycle,
    messages,
    lines,
    /** Runs a cycle and gives the sample of one container. */
    async sampleOf(vmid: number) {
      await cycle.run()
      return store.last?.containers.get(vmid)
    },
    close: () => list.close(),
  }
}
