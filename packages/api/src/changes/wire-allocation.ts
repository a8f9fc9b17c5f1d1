import type { AllocationBody, ContainerConfigBody, SteeringBody } from '@lxc-autoscale/core'
import type { Limits } from '@lxc-autoscale/host'
import type { ContainerFacts } from '../host/container-facts.ts'

/** An allocation as it stands in answers and in the audit log. */
export function allocationBody({ cores, cpuLimit, memoryMb, swapMb }: Limits): AllocationBody {
  return { cores: cores ?? null, cpulimit: cpuLimit ?? null, memory_mb: memoryMb ?? null, swap_mb: swapMb ?? null }
}

/** A container as `GET /resource/lxc/config` shows it. */
export function containerConfigBody(
  facts: ContainerFacts,
  leastMemoryMb: number | undefined,
  steering: SteeringBody,
): ContainerConfigBody {
  return {
    ...allocationBody(facts.configured),
    lxc_id: facts.vmid,
    vm_id: facts.vmid,
    name: facts.name,
    status: facts.status,
    in_force: allocationBody(facts.inForce),
    lock: facts.lock ?? null,
    ha_managed: facts.isHaManaged ?? null,
    template: facts.isTemplate,
    tags: [...facts.tags],
    uptime_seconds: facts.uptimeSeconds ?? null,
    least_memory_mb: leastMemoryMb ?? null,
    raw_limits: { cores: facts.rawLimits.cores ?? null, memory: facts.rawLimits.memory ?? null },
    steering,
  }
}
