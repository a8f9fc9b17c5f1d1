import type { AllocationBody } from './wire-values.ts'

/** The cores that a container may use by `cores` and `cpulimit`, the lesser; undefined when neither is set. */
export function givenCores({
  cores,
  cpulimit,
}: Partial<Pick<AllocationBody, 'cores' | 'cpulimit'>>): number | undefined {
  const set = [cores, cpulimit].filter(value => typeof value === 'number')
  return set.length === 0 ? undefined : Math.min(...set)
}
