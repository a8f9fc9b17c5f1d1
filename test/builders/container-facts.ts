import { type Limits, NO_LIMITS } from '@lxc-autoscale/host'
import type { ContainerFacts } from '../../packages/api/src/host/container-facts.ts'

/** An allocation of which only what matters is named. */
export function allocation(fields: Partial<Limits> = {}): Limits {
  return { ...NO_LIMITS, ...fields }
}

/** A running container with two cores and 1024 MB. */
export function containerFacts(fields: Partial<ContainerFacts> = {}): ContainerFacts {
  const configured = allocation({ cores: 2, memoryMb: 1_024, swapMb: 0 })
  return {
    vmid: 101,
    name: 'web',
    status: 'running',
    configured,
    inForce: configured,
    lock: undefined,
    isHaManaged: false,
    haState: undefined,
    haBusy: undefined,
    isTemplate: false,
    isProtected: false,
    tags: [],
    uptimeSeconds: 60,
    runId: 1,
    values: new Map(),
    digest: undefined,
    rawLimits: { cores: undefined, memory: undefined },
    snapshots: [],
    ...fields,
  }
}
