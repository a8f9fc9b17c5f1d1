import { type Rule, withReason } from '../draft.ts'

/** A policy is not trusted: what is no size at all (not finite, zero, negative) is no wish. */
export const refuseNonsense: Rule = draft => {
  const { cores, memoryMb } = draft.to
  if (isSize(cores) && isSize(memoryMb)) return draft
  const wish = `${cores ?? 'unchanged'} cores and ${memoryMb ?? 'unchanged'} MB`
  return {
    ...withReason(draft, 'refuse-nonsense', `the policy wants ${wish}, which is no size`),
    to: { cores: isSize(cores) ? cores : undefined, memoryMb: isSize(memoryMb) ? memoryMb : undefined },
  }
}

function isSize(value: number | undefined): boolean {
  return value === undefined || (value > 0 && value < Number.POSITIVE_INFINITY)
}
