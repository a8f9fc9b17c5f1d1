import { type AllocationBody, AutoscaleError } from '@lxc-autoscale/core'
import type { Limits } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import type { ChangeProgress } from '../../../../packages/api/src/changes/change-runner.ts'
import {
  type ScaleParts,
  type ScaleRequest,
  type Shrink,
  scaleContainer,
} from '../../../../packages/api/src/changes/scale-container.ts'
import { ApiConfig, type SafetySection } from '../../../../packages/api/src/config.ts'
import type { CgroupReader } from '../../../../packages/api/src/host/cgroup.ts'
import type { ClusterFiles } from '../../../../packages/api/src/host/cluster-files.ts'
import type { ContainerFacts } from '../../../../packages/api/src/host/container-facts.ts'
import { setResources } from '../../../../packages/api/src/pct/commands.ts'
import { commandFailure } from '../../../../packages/api/src/pct/failure.ts'
import type { HostCommand } from '../../../../packages/api/src/ports.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

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
  /** Called when the command has been started, before it has read the configuration; and when it has changed it. */
  whileStarting = async (_stop: AbortSignal | undefined) => {}
  whileEnding = async () => {}
  ignoresSet = false
  readonly noTrouble = () => ({ ooms: undefined, stalledPercent: undefined })
  /** What is otherwise when it is on another node. */
  elsewhere: Partial<ScaleParts> = {}
  /** Whether Proxmox is at work on the container. */
  isLocked = false
  /** What `pct set` ends with after it did what it was told. */
  failure: AutoscaleError | undefined
  /** What `pct set` changes in the kernel only. */
  inForceOnly: Partial<Limits> | undefined
  readonly warnings: string[] = []
  readonly overwritten: AllocationBody[] = []
  readonly clock = new FakeClock()
  readonly shrinks: Shrink[] = []
  safety: SafetySection = ApiConfig.parse({}).safety
  readonly events: string[] = []
  readonly commands: HostCommand[] = []

  readonly progress: ChangeProgress = {
    id: 'change',
    name: () => undefined,
    begin: async () => void this.events.push('begun'),
    run: async (command, beforeStart) => {
      this.whileWaiting()
      const stop = beforeStart?.()
      this.events.push('started')
      this.commands.push(command)
      await this.whileStarting(stop)
      const isStale = command.args.includes('--digest') && command.args.at(-1) !== this.facts.digest
      if (stop?.aborted === true) {
        this.#moveInForce()
        throw new AutoscaleError('PCT_FAILED', 'pct set 101: was ended by a signal')
      }
      if (isStale) throw modified()
      this.#apply(command)
      await this.whileEnding()
      if (this.failure !== undefined) throw this.failure
      return { stdout: '', stderr: '', durationMs: 1 }
    },
    warn: warning => void this.warnings.push(warning),
    left: () => undefined,
    overwrote: found => void this.overwritten.push(found),
  }

  scale(request: Partial<ScaleRequest>) {
    const parts: ScaleParts = {
      containers: { list: async () => [101], read: () => this.#read() },
      cgroups: this.#cgroups(),
      setCommand: setResources,
      cluster: { members: () => ({ isQuorate: this.isQuorate, nodes: new Map() }) } as unknown as ClusterFiles,
      readNode: () => ({ cores: 8, memoryMb: 16_384, memoryAvailableMb: 8_192, uptimeSeconds: 1 }),
      clock: this.clock,
      safety: this.safety,
      isLocked: () => this.isLocked,
      onShrink: shrink => void this.shrinks.push(shrink),
      ...this.elsewhere,
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
    const memoryHold = () => String(this.facts.inForce.memoryMb)
    return { memory, memoryHold, trouble: () => ({}) } as unknown as CgroupReader
  }

  #moveInForce(): void {
    if (this.inForceOnly === undefined) return
    this.facts = { ...this.facts, inForce: { ...this.facts.inForce, ...this.inForceOnly } }
  }

  #apply({ args }: HostCommand): void {
    this.#moveInForce()
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

/** What `pct` ends with when it finds another configuration than that of the digest. Source: PVE::Tools, assert_if_modified. */
function modified(): AutoscaleError {
  const stderr = 'detected modified configuration - file changed by other user? Try again.\n'
  return commandFailure({ commandLine: 'pct set 101', exitCode: 255, stdout: '', stderr })
}

describe('what somebody else changes while pct is starting', () => {
  const asRead = 'a'.repeat(40)
  const byHand = 'b'.repeat(40)

  function hostWith(change: (host: FakeHost) => void, times = 1): FakeHost {
    const host = new FakeHost()
    host.facts = containerFacts({ digest: asRead })
    host.whileStarting = async () => {
      if (times-- > 0) change(host)
    }
    return host
  }

  test('is refused when it is an allocation, with what it is now', async () => {
    const host = hostWith(at => {
      at.facts = containerFacts({ digest: byHand, configured: allocation({ cores: 2, memoryMb: 3_000 }) })
    })
    await expect(host.scale({ asked: { cores: 4 } })).rejects.toMatchObject({
      code: 'ALLOCATION_MOVED',
      leaves: 'untouched',
      details: { moved: ['memory'], now: { memory_mb: 3_000 } },
    })
    expect(host.commands).toHaveLength(1)
  })

  test('leads to another attempt from what it is now when it is something else; it has begun once', async () => {
    const host = hostWith(at => {
      at.facts = containerFacts({ digest: byHand })
    })
    expect(await host.scale({ asked: { cores: 4 } })).toMatchObject({ after: { cores: 4 } })
    expect(host.commands.map(({ args }) => args.at(-1))).toEqual([asRead, byHand])
    expect(host.events.filter(event => event === 'begun')).toHaveLength(1)
  })

  test('is checked by all rules again: a lock that came meanwhile is kept', async () => {
    const host = hostWith(at => {
      at.facts = containerFacts({ digest: byHand, lock: 'backup' })
    })
    await expect(host.scale({ asked: { cores: 4 } })).rejects.toMatchObject({ code: 'CONTAINER_LOCKED' })
  })

  test('again and again ends the attempts', async () => {
    let digest = 0
    const host = hostWith(at => {
      at.facts = containerFacts({ digest: String(++digest).padStart(40, '0') })
    }, 9)
    await expect(host.scale({ asked: { cores: 4 } })).rejects.toMatchObject({ code: 'ALLOCATION_MOVED' })
    expect(host.commands).toHaveLength(3)
  })

  test('right after the write is told from a pct that did nothing', async () => {
    const host = new FakeHost()
    host.whileEnding = async () => {
      host.facts = containerFacts({ configured: allocation({ cores: 6, memoryMb: 1_024 }) })
    }
    await expect(host.scale({ asked: { cores: 4 } })).rejects.toMatchObject({
      code: 'ALLOCATION_MOVED',
      leaves: 'half-done',
    })
  })

  test('and what pct then overwrites is noted', async () => {
    const host = hostWith(() => undefined)
    host.whileEnding = async () => {
      const written = host.facts
      host.facts = { ...written, configured: { ...written.configured, cores: 6, memoryMb: 3_000 } }
      await host.clock.advance(150)
      host.facts = written
    }
    await host.scale({ asked: { cores: 4 } })
    expect(host.overwritten).toMatchObject([{ cores: 6, memory_mb: 3_000 }])
  })

  test('is not called overwritten when it is what the container has afterwards, too', async () => {
    const host = hostWith(() => undefined)
    host.whileEnding = async () => {
      host.facts = { ...host.facts, configured: { ...host.facts.configured, memoryMb: 3_000 } }
      await host.clock.advance(150)
    }
    await host.scale({ asked: { cores: 4 } })
    expect(host.overwritten).toEqual([])
  })
})

test('a container that Proxmox is at work on gets no less memory by a request that cannot be called back', async () => {
  const host = new FakeHost()
  host.isLocked = true
  const shrink = host.scale({ asked: { memoryMb: 512 } })
  await expect(shrink).rejects.toMatchObject({ code: 'CONTAINER_LOCKED', leaves: 'untouched' })
  expect(host.commands).toEqual([])
  await host.scale({ asked: { memoryMb: 2_048 } })
})

describe('a container that grows while pct is starting', () => {
  test('keeps its limit: pct is stopped, and it is refused as if it had grown before', async () => {
    const host = new FakeHost()
    host.whileStarting = async () => {
      host.floorMb = 600
      await host.clock.advance(100)
    }
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({
      code: 'MEMORY_BELOW_FLOOR',
      leaves: 'untouched',
    })
  })

  test('gets its limit back when the kernel held pct up in the middle until its time was over', async () => {
    const host = new FakeHost()
    host.inForceOnly = { memoryMb: 512 }
    host.ignoresSet = true
    host.failure = new AutoscaleError('PCT_TIMEOUT', 'pct set 101: did not end in time')
    host.whileEnding = async () => {
      if (host.commands.length > 1)
        Object.assign(host, { failure: undefined, inForceOnly: undefined, ignoresSet: false })
    }
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({ code: 'PCT_TIMEOUT' })
    expect(host.commands.map(({ args }) => args[3])).toEqual(['512', '1025', '1024'])
    expect(host.facts.inForce.memoryMb).toBe(1_024)
  })

  test('gets its limit back when pct was stopped in the moment in which it moved it, in two steps, as Proxmox needs it', async () => {
    const host = new FakeHost()
    host.inForceOnly = { memoryMb: 512 }
    host.whileStarting = async stop => {
      host.floorMb = 600
      await host.clock.advance(100)
      if (stop === undefined) host.inForceOnly = undefined
    }
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({ code: 'MEMORY_BELOW_FLOOR' })
    expect(host.commands.slice(1).map(({ args }) => args)).toEqual([
      ['set', '101', '-memory', '1025'],
      ['set', '101', '-memory', '1024'],
    ])
    expect(host.warnings).toEqual(['its limit was 512 MB for a moment; 1024 MB were brought back into force'])
    expect(host.facts.inForce.memoryMb).toBe(1_024)
  })

  test('is not helped any more when the kernel has begun to move its limit', async () => {
    const host = new FakeHost()
    host.whileStarting = async stop => {
      host.facts = { ...host.facts, inForce: allocation({ memoryMb: 512 }) }
      host.floorMb = 600
      await host.clock.advance(1_000)
      expect(stop?.aborted).toBe(false)
    }
    expect(await host.scale({ asked: { memoryMb: 512 } })).toMatchObject({ after: { memory_mb: 512 } })
  })

  test('does not stop a pct by force, nor one that gives it more', async () => {
    const host = new FakeHost()
    host.whileStarting = async stop => {
      host.floorMb = 1_100
      await host.clock.advance(1_000)
      expect(stop?.aborted).toBe(false)
    }
    await host.scale({ asked: { memoryMb: 512 }, force: true })
    await host.scale({ asked: { memoryMb: 1_200 } })
  })

  test('has an outcome that is not known when pct does not stop', async () => {
    const host = new FakeHost()
    host.whileStarting = async () => {
      host.floorMb = 600
      await host.clock.advance(100)
      throw new AutoscaleError('PCT_TIMEOUT', 'pct set 101: did not end')
    }
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({ code: 'PCT_TIMEOUT' })
  })
})

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

describe('a container of another node', () => {
  test.each([
    ['running', false],
    ['running', true],
    // As its node has told up to two minutes ago.
    ['stopped', false],
    ['stopped', true],
  ] as const)('that is told to be %s gets no less memory, by force (%s) neither, but more', async (status, force) => {
    const host = new FakeHost()
    host.safety = { ...host.safety, scale_stopped: true }
    host.facts = containerFacts({ status, inForce: allocation({ memoryMb: 1_024 }) })
    host.elsewhere = {
      elsewhere: 'b',
      cgroups: { memory: () => undefined, memoryHold: () => undefined, trouble: host.noTrouble },
    }
    await expect(host.scale({ asked: { memoryMb: 512 }, force })).rejects.toMatchObject({ code: 'STATE_NOT_ALLOWED' })
    expect(host.commands).toEqual([])
    expect(await host.scale({ asked: { memoryMb: 4_096 }, force })).toMatchObject({ changed: true })
  })
})
