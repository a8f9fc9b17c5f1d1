import { type AllocationBody, ChangeBody } from '@lxc-autoscale/core'
import { z } from 'zod'
import { type AllocationChange, allocationAfter, type ConfiguredAllocation } from './allocation-change.ts'
import { malformed, readData } from './api-reply.ts'
import { type ContainerConfig, readContainerConfig } from './container-config.ts'
import type { ApiReply } from './transport.ts'

/** The allocations of this moment. A container that stands in neither map is not known to the API. */
export interface FetchedConfigs {
  readonly configs: ReadonlyMap<number, ContainerConfig>
  /** Containers of which nothing is known, with why. */
  readonly failed: ReadonlyMap<number, string>
  /** Those of them that another node of the cluster has, with its name. */
  readonly elsewhere: ReadonlyMap<number, string>
}

/** Parts are checked one by one, so that one bad container does not cost the others their turn. */
const ConfigsBody = z.object({
  containers: z.array(z.unknown()),
  failed: z.array(
    z.object({ lxc_id: z.number(), error: z.string(), message: z.string(), node: z.string().optional() }),
  ),
})

/**
 * The answer about all containers. One that cannot be read, or is named twice, is one of which nothing is known.
 * @throws {AutoscaleError} SCALING_API_MALFORMED when none of them can be read, and as `readData` does.
 */
export function readConfigs(what: string, reply: ApiReply): FetchedConfigs {
  const { containers, failed } = readData(what, reply, ConfigsBody)
  const configs = new Map<number, ContainerConfig>()
  const problems = new Map(failed.map(({ lxc_id, message }) => [lxc_id, message]))
  for (const body of containers) {
    const config = readContainerConfig(body)
    if (typeof config !== 'string' && !configs.has(config.vmid)) configs.set(config.vmid, config)
    else noteProblem(problems, body, config)
  }
  for (const vmid of problems.keys()) configs.delete(vmid)
  const elsewhere = new Map(failed.flatMap(({ lxc_id, node }) => (node === undefined ? [] : [[lxc_id, node] as const])))
  if (containers.length > 0 && configs.size === 0) {
    const [first = 'lxc_id is missing'] = problems.values()
    throw malformed(what, `no container of ${containers.length} can be read; the first: ${first}`)
  }
  return { configs, failed: problems, elsewhere }
}

function noteProblem(problems: Map<number, string>, body: unknown, config: ContainerConfig | string): void {
  const named = z.object({ lxc_id: z.number() }).safeParse(body)
  if (named.success) problems.set(named.data.lxc_id, typeof config === 'string' ? config : 'named twice')
}

export interface ConfirmedChange {
  readonly changed: boolean
  readonly after: ConfiguredAllocation
}

/**
 * The answer to a change.
 * @throws {AutoscaleError} SCALING_API_MALFORMED, also when it is about another container or confirms another size than
 * was asked for, and as `readData` does.
 */
export function readChange(what: string, change: AllocationChange, reply: ApiReply): ConfirmedChange {
  const { lxc_id, after, changed } = readData(what, reply, ChangeBody)
  if (lxc_id !== change.vmid) throw malformed(what, `lxc_id is ${lxc_id}`)
  const confirmed = configured(after)
  const wanted = allocationAfter(change)
  const isAsAsked =
    (change.set.cores === undefined || confirmed.cores === wanted.cores) &&
    (change.set.cpuLimit === undefined || confirmed.cpuLimit === wanted.cpuLimit) &&
    (change.set.memoryMb === undefined || confirmed.memoryMb === wanted.memoryMb)
  if (!isAsAsked) {
    throw malformed(what, `asked for ${describeConfigured(wanted)}, confirmed ${describeConfigured(confirmed)}`)
  }
  return { changed, after: confirmed }
}

function configured(body: AllocationBody): ConfiguredAllocation {
  return { cores: body.cores, cpuLimit: body.cpulimit, memoryMb: body.memory_mb, swapMb: body.swap_mb }
}

/** An allocation in words. */
function describeConfigured({ cores, cpuLimit, memoryMb }: ConfiguredAllocation): string {
  const quota = cpuLimit === null ? '' : `, cpulimit ${cpuLimit}`
  return `${cores ?? 'all'} cores${quota}, ${memoryMb ?? 'unknown'} MB`
}
