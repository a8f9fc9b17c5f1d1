import { type AllocationBody, type ContainerConfigBody, MS_PER_SECOND, type SteeringBody } from '@lxc-autoscale/core'
import type { Balancer, Limits } from '@lxc-autoscale/host'
import type { ContainerFacts } from '../host/container-facts.ts'

/** An allocation as it stands in answers and in the audit log. */
export function allocationBody({ cores, cpuLimit, memoryMb, swapMb }: Limits): AllocationBody {
  return { cores: cores ?? null, cpulimit: cpuLimit ?? null, memory_mb: memoryMb ?? null, swap_mb: swapMb ?? null }
}

/** What is shown of a container beside its facts. */
export interface BesideFacts {
  readonly leastMemoryMb: number | undefined
  readonly steering: SteeringBody
  readonly balancer: Balancer
}

/** A container as `GET /resource/lxc/config` shows it. */
export function containerConfigBody(
  facts: ContainerFacts,
  { leastMemoryMb, steering, balancer }: BesideFacts,
): ContainerConfigBody {
  const { cores, cpulimit, memory_mb, swap_mb } = allocationBody(facts.configured)
  return {
    // By name: to spread the parts costs as much as to read several files.
    cores,
    cpulimit,
    memory_mb,
    swap_mb,
    lxc_id: facts.vmid,
    vm_id: facts.vmid,
    name: facts.name,
    status: facts.status,
    in_force: allocationBody(facts.inForce),
    lock: facts.lock ?? null,
    ha_managed: facts.isHaManaged ?? null,
    ha_busy: facts.haBusy ?? null,
    balancer_hold_seconds: isBalanced(facts, balancer) ? balancer.holdMs / MS_PER_SECOND : null,
    template: facts.isTemplate,
    tags: [...facts.tags],
    uptime_seconds: facts.uptimeSeconds ?? null,
    least_memory_mb: leastMemoryMb ?? null,
    raw_limits: { cores: facts.rawLimits.cores ?? null, memory: facts.rawLimits.memory ?? null },
    steering,
  }
}

/** Whether Proxmox may move it by itself to balance its nodes. */
export function isBalanced(
  { isHaManaged, haState }: Pick<ContainerFacts, 'isHaManaged' | 'haState'>,
  { isOn }: Balancer,
) {
  return isOn && isHaManaged === true && haState !== 'ignored'
}
