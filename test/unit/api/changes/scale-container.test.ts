import { AutoscaleError } from '@lxc-autoscale/core'
import type { Limits } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import type { ChangeProgress } from '../../../../packages/api/src/changes/change-runner.ts'
import {
  type ScaleParts,
  type ScaleRequest,
  scaleContainer,
} from '../../../../packages/api/src/changes/scale-container.ts'
import { ApiConfig, type SafetySection } from '../../../../packages/api/src/config.ts'
import type { CgroupReader } from '../../../../packages/api/src/host/cgroup.ts'
import type { ClusterFiles } from '../../../../packages/api/src/host/cluster-files.ts'
import type { ContainerFacts } from '../../../../packages/api/src/host/container-facts.ts'
import type { HostCommand } from '../../../../packages/api/src/ports.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'

const MB = 1_048_576

/** A host of one container whose `pct set` does what it is told; `events` has what happened, in order. */
class FakeHost {
  facts: ContainerFacts = containerFacts()
  floorMb = 200
  isQuorate = true
  /** Whether it can be read once a command has run. */
  isReadable = true
  /** Called when the turn of the command has come, before it looks at what must hold. */
  whileWaiting = () => {}
  ignoresSet = false
  /** What `pct set` ends with after it did what it was told. */
  failure: AutoscaleError | undefined
  /** What `pct set` changes in the kernel only. */
  inForceOnly: Partial<Limits> | undefined
  readonly warnings: string[] = []
  safety: SafetySection = ApiConfig.parse({}).safety
  readonly events: string[] = []
  readonly commands: HostCommand[] = []

  readonly progress: ChangeProgress = {
    id: 'change',
    name: () => undefined,
    begin: async () => void this.events.push('begun'),
    run: async (command, beforeStart) => {
      this.whileWaiting()
      beforeStart?.()
      this.events.push('started')
      this.commands.push(command)
      this.#apply(command)
      if (this.failure !== undefined) throw this.failure
      return { stdout: '', stderr: '', durationMs: 1 }
    },
    warn: warning => void this.warnings.push(warning),
    left: () => undefined,
    overwrote: () => undefined,
  }

  scale(request: Partial<ScaleRequest>) {
    const parts: ScaleParts = {
      containers: { list: async () => [101], read: () => this.#read() },
      cgroups: this.#cgroups(),
      cluster: { members: () => ({ isQuorate: this.isQuorate }) } as unknown as ClusterFiles,
      readNode: () => ({ cores: 8, memoryMb: 16_384, memoryAvailableMb: 8_192, uptimeSeconds: 1 }),
      safety: this.safety,
    }
    return scaleContainer({ vmid: 101, asked: {}, expected: {}, force: false, ...request }, parts, this.progress)
  }

  async #read(): Promise<ContainerFacts> {
    if (this.commands.length > 0 && !this.isReadable) throw new AutoscaleError('HOST_UNREADABLE', 'gone')
    return this.facts
  }

  #cgroups(): CgroupReader {
    const memory = () => {
      this.events.push('measured')
      return { floorBytes: this.floorMb * MB, usageBytes: this.floorMb * MB }
    }
    // The rules use nothing else of the reader.
    return { memory } as unknown as CgroupReader
  }

  #apply({ args }: HostCommand): void {
    if (this.inForceOnly !== undefined) {
      this.facts = { ...this.facts, inForce: { ...this.facts.inForce, ...this.inForceOnly } }
    }
    if (this.ignoresSet) return
    const value = (option: string) => (args.includes(option) ? Number(args[args.indexOf(option) + 1]) : undefined)
    const { configured } = this.facts
    const now = {
      ...configured,
      cores: value('-cores') ?? configured.cores,
      memoryMb: value('-memory') ?? configured.memoryMb,
    }
    this.facts = { ...this.facts, configured: now, inForce: now }
  }
}

describe('scaling a container', () => {
  test('sets cores and memory in one command and gives what it has then', async () => {
    const host = new FakeHost()
    const scaled = await host.scale({ asked: { cores: 4, memoryMb: 2_048 } })
    expect(host.commands.map(({ args }) => args)).toEqual([['set', '101', '-cores', '4', '-memory', '2048']])
    expect(scaled).toMatchObject({
      before: { cores: 2, memory_mb: 1_024 },
      after: { cores: 4, memory_mb: 2_048 },
      changed: true,
    })
  })

  test('sets only what the container does not have already', async () => {
    const host = new FakeHost()
    await host.scale({ asked: { cores: 2, memoryMb: 2_048 } })
    expect(host.commands.map(({ args }) => args)).toEqual([['set', '101', '-memory', '2048']])
  })

  test('runs nothing and begins nothing when it has everything already', async () => {
    const host = new FakeHost()
    expect(await host.scale({ asked: { cores: 2 } })).toMatchObject({ changed: false })
    expect(host.events).toEqual([])
  })

  test('notes the change before the command, and measures the memory last of all', async () => {
    const host = new FakeHost()
    await host.scale({ asked: { memoryMb: 512 } })
    expect(host.events).toEqual(['measured', 'begun', 'measured', 'started'])
  })

  test('does not lower the limit when the container grew while the change waited', async () => {
    const host = new FakeHost()
    host.whileWaiting = () => {
      host.floorMb = 600
    }
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({ code: 'MEMORY_BELOW_FLOOR' })
    expect(host.commands).toEqual([])
  })

  test('measures nothing for a limit that grows', async () => {
    const host = new FakeHost()
    host.floorMb = 1_500
    await host.scale({ asked: { memoryMb: 1_200 } })
    expect(host.events).toEqual(['begun', 'started'])
  })

  test('lowers the limit by force, and keeps the lock all the same', async () => {
    const host = new FakeHost()
    host.floorMb = 1_000
    await host.scale({ asked: { memoryMb: 512 }, force: true })
    host.facts = { ...host.facts, lock: 'backup' }
    await expect(host.scale({ asked: { memoryMb: 256 }, force: true })).rejects.toMatchObject({
      code: 'CONTAINER_LOCKED',
    })
    expect(host.commands).toHaveLength(1)
  })

  test('refuses before anything is begun when there is no quorum', async () => {
    const host = new FakeHost()
    host.isQuorate = false
    await expect(host.scale({ asked: { cores: 3 } })).rejects.toMatchObject({ code: 'NO_QUORUM' })
    expect(host.events).toEqual([])
  })

  test('has failed when the container does not have then what was asked for', async () => {
    const host = new FakeHost()
    host.ignoresSet = true
    await expect(host.scale({ asked: { cores: 3 } })).rejects.toMatchObject({ code: 'PCT_FAILED' })
  })

  // pct writes the configuration and the cgroup before it finds out that a bridge is gone, or that `arch` is missing.
  test.each([
    ['PCT_FAILED', "pct set 101: bridge 'vmbr9' does not exist"],
    ['PCT_TIMEOUT', 'pct set 101: did not end within 30 s'],
  ] as const)('is done, with a warning, when %s came after everything took effect', async (code, message) => {
    const host = new FakeHost()
    host.failure = new AutoscaleError(code, message)
    const scaled = await host.scale({ asked: { cores: 4, memoryMb: 2_048 } })
    expect(scaled).toMatchObject({ after: { cores: 4, memory_mb: 2_048 }, changed: true })
    expect(host.warnings).toEqual([`it took effect, but ${message}`])
  })

  test('has failed when the configuration has it and the kernel does not, and says what is in force', async () => {
    const host = new FakeHost()
    host.failure = new AutoscaleError('PCT_FAILED', 'pct set 101: failed')
    host.inForceOnly = { memoryMb: 700 }
    host.ignoresSet = true
    await expect(host.scale({ asked: { memoryMb: 2_048 } })).rejects.toMatchObject({
      code: 'PCT_FAILED',
      leaves: 'half-done',
      details: { now: { memory_mb: 1_024 }, in_force: { memory_mb: 700 } },
    })
    expect(host.warnings).toEqual([])
  })

  test('is not taken for done when Proxmox refused it and somebody else set the same', async () => {
    const host = new FakeHost()
    host.failure = new AutoscaleError('CONTAINER_LOCKED', 'CT is locked (backup)')
    await expect(host.scale({ asked: { cores: 4 } })).rejects.toMatchObject({ code: 'CONTAINER_LOCKED' })
  })

  test.each([
    ['nothing', undefined, 'untouched'],
    ['the quota that stood before it', { cpuLimit: 1 }, 'half-done'],
  ] as const)('a memory limit that the kernel refuses leaves %s changed', async (_, inForceOnly, leaves) => {
    const host = new FakeHost()
    host.failure = new AutoscaleError('MEMORY_BELOW_FLOOR', 'unable to hotplug memory: Device or resource busy')
    host.ignoresSet = true
    host.inForceOnly = inForceOnly
    const scaled = host.scale({ asked: { cpuLimit: 1, memoryMb: 512 } })
    await expect(scaled).rejects.toMatchObject({ code: 'MEMORY_BELOW_FLOOR', leaves })
  })

  test('passes the failure on when the container cannot be read after it', async () => {
    const host = new FakeHost()
    host.failure = new AutoscaleError('PCT_FAILED', 'pct set 101: failed')
    host.isReadable = false
    const scaled = host.scale({ asked: { memoryMb: 2_048 } })
    await expect(scaled).rejects.toBe(host.failure)
  })

  test('leaves a stopped container alone unless it is allowed', async () => {
    const host = new FakeHost()
    host.facts = containerFacts({ status: 'stopped', inForce: allocation() })
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({ code: 'STATE_NOT_ALLOWED' })
    host.safety = { ...host.safety, scale_stopped: true }
    await host.scale({ asked: { memoryMb: 512 } })
    expect(host.events).toEqual(['begun', 'started'])
  })

  describe('whose configuration holds raw lines', () => {
    const cores = 'lxc.cgroup2.cpuset.cpus: 0-3'
    const memory = 'lxc.cgroup2.memory.max: 1G'
    const pinned = containerFacts({ rawLimits: { cores, memory } })

    test.each([
      [{ cores: 6 }, cores],
      [{ cpuLimit: 1.5 }, cores],
      [{ memoryMb: 2_048 }, memory],
    ])('%j is refused with the line that settles it', async (asked, line) => {
      const host = new FakeHost()
      host.facts = pinned
      await expect(host.scale({ asked })).rejects.toMatchObject({
        code: 'STATE_NOT_ALLOWED',
        message: `container 101: pct would have no effect, its configuration holds ${line}`,
      })
      expect(host.events).toEqual([])
    })

    test('what they do not settle is set', async () => {
      const host = new FakeHost()
      host.facts = containerFacts({ rawLimits: { cores, memory: undefined } })
      await host.scale({ asked: { memoryMb: 2_048 } })
      expect(host.warnings).toEqual([])
    })

    test('by force it is set, with a warning that it has no effect', async () => {
      const host = new FakeHost()
      host.facts = pinned
      expect(await host.scale({ asked: { cores: 6 }, force: true })).toMatchObject({ after: { cores: 6 } })
      expect(host.warnings).toEqual([`it has no effect: its configuration holds ${cores}`])
    })
  })

  test('removes what is to have no limit any more', async () => {
    const host = new FakeHost()
    host.facts = containerFacts({ configured: allocation({ cores: 2, cpuLimit: 1, memoryMb: 1_024 }) })
    host.ignoresSet = true
    await host.scale({ asked: { cpuLimit: null } }).catch(() => undefined)
    expect(host.commands.map(({ args }) => args)).toEqual([['set', '101', '-delete', 'cpulimit']])
  })
})
