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
  /** Called when the turn of the command has come, before it looks at what must hold. */
  whileWaiting = () => {}
  ignoresSet = false
  safety: SafetySection = ApiConfig.parse({}).safety
  readonly events: string[] = []
  readonly commands: HostCommand[] = []

  readonly progress: ChangeProgress = {
    id: 'change',
    name: () => undefined,
    begin: async () => void this.events.push('begun'),
  }

  scale(request: Partial<ScaleRequest>) {
    const parts: ScaleParts = {
      containers: { list: async () => [101], read: async () => this.facts },
      commands: {
        run: async (command, beforeStart) => {
          this.whileWaiting()
          beforeStart?.()
          this.events.push('started')
          this.commands.push(command)
          this.#apply(command)
          return { stdout: '', stderr: '', durationMs: 1 }
        },
      },
      cgroups: this.#cgroups(),
      cluster: { members: () => ({ node: 'pve', isQuorate: this.isQuorate }) } as unknown as ClusterFiles,
      readNode: () => ({ cores: 8, memoryMb: 16_384, memoryAvailableMb: 8_192, uptimeSeconds: 1 }),
      safety: this.safety,
    }
    return scaleContainer({ vmid: 101, asked: {}, expected: {}, force: false, ...request }, parts, this.progress)
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

  test('leaves a stopped container alone unless it is allowed', async () => {
    const host = new FakeHost()
    host.facts = containerFacts({ status: 'stopped', inForce: allocation() })
    await expect(host.scale({ asked: { memoryMb: 512 } })).rejects.toMatchObject({ code: 'STATE_NOT_ALLOWED' })
    host.safety = { ...host.safety, scale_stopped: true }
    await host.scale({ asked: { memoryMb: 512 } })
    expect(host.events).toEqual(['begun', 'started'])
  })

  test('removes what is to have no limit any more', async () => {
    const host = new FakeHost()
    host.facts = containerFacts({ configured: allocation({ cores: 2, cpulimit: 1, memoryMb: 1_024 }) })
    host.ignoresSet = true
    await host.scale({ asked: { cpulimit: null } }).catch(() => undefined)
    expect(host.commands.map(({ args }) => args)).toEqual([['set', '101', '-delete', 'cpulimit']])
  })
})
