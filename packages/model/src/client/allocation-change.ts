import { MAX_REASON_CHARACTERS, type ScaleResourcesRequest, visibleText } from '@lxc-autoscale/core'

/** What is configured of a container and can be set. `null`: Proxmox has none set. */
export interface ConfiguredAllocation {
  readonly cores: number | null
  /** Quota in cores. */
  readonly cpuLimit: number | null
  readonly memoryMb: number | null
  /** Left out: not told. */
  readonly swapMb?: number | null | undefined
}

/** One change of one container, as it goes to the API. */
export interface AllocationChange {
  readonly vmid: number
  /** What the decision was made from; the API refuses when the container has something else. */
  readonly expected: ConfiguredAllocation
  /** What is to be set; a part that is `undefined` stays as it is. */
  readonly set: {
    readonly cores?: number | undefined
    readonly cpuLimit?: number | undefined
    readonly memoryMb?: number | undefined
  }
  readonly reason: string
  /** Names this change: sent again with the same key, it is done once. */
  readonly idempotencyKey: string
}

/** The body of `POST /scale/resources` for `change`. */
export function scaleResourcesBody({ vmid, set, expected, reason }: AllocationChange): ScaleResourcesRequest {
  return {
    lxc_id: vmid,
    ...(set.cores === undefined ? {} : { cores: set.cores }),
    ...(set.cpuLimit === undefined ? {} : { cpulimit: set.cpuLimit }),
    ...(set.memoryMb === undefined ? {} : { memory: set.memoryMb }),
    expected: { cores: expected.cores, cpulimit: expected.cpuLimit, memory: expected.memoryMb },
    reason: visibleText(reason).slice(0, MAX_REASON_CHARACTERS),
  }
}

/** What the container has when every part of `change` was done. */
export function allocationAfter({ expected, set }: AllocationChange): ConfiguredAllocation {
  return {
    cores: set.cores ?? expected.cores,
    cpuLimit: set.cpuLimit ?? expected.cpuLimit,
    memoryMb: set.memoryMb ?? expected.memoryMb,
  }
}
