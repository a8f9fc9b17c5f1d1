import type { AllocationChange } from '../../packages/model/src/client/allocation-change.ts'

/** A change of container 101 from 2 to 3 cores; a test names only what matters to it. */
export function allocationChange(overrides: Partial<AllocationChange> = {}): AllocationChange {
  return {
    vmid: 101,
    expected: { cores: 2, cpuLimit: null, memoryMb: 1_024 },
    set: { cores: 3 },
    reason: 'throttled',
    idempotencyKey: 'key-1',
    ...overrides,
  }
}
