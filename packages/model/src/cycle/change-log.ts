import type { Logger, OutcomeKind } from '@lxc-autoscale/core'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { Decision } from '../policy/decision.ts'
import type { TrackedContainer } from './fleet.ts'

const GOOD_OUTCOMES: Partial<Record<OutcomeKind, string>> = {
  applied: 'container scaled',
  unchanged: 'container had this size already',
  'dry-run': 'dry run: container would be scaled',
}

/** Why `decision` is as it is, in words. */
export function reasonText({ reasons }: Decision): string {
  return reasons.map(({ text }) => text).join('; ')
}

function fields({ vmid, identity }: TrackedContainer, decision: Decision): Record<string, unknown> {
  const { from, to, cores, memory, policy } = decision
  return {
    vmid,
    name: identity.name,
    ...(cores === 'keep' ? {} : { cores: `${from.cores} -> ${to.cores}` }),
    ...(memory === 'keep' ? {} : { memory_mb: `${from.memoryMb} -> ${to.memoryMb}` }),
    policy,
    reason: reasonText(decision),
  }
}

/** The one line for a change that was sent. */
export function logOutcome(log: Logger, container: TrackedContainer, decision: Decision, outcome: ApplyOutcome): void {
  const known = fields(container, decision)
  const good = GOOD_OUTCOMES[outcome.kind]
  if (good !== undefined) log.info(known, good)
  else log.warn({ ...known, outcome: outcome.kind, code: outcome.code, problem: outcome.text }, 'container not scaled')
}

/** The line for a change that is only recommended. */
export function logRecommendation(log: Logger, container: TrackedContainer, decision: Decision): void {
  log.info(fields(container, decision), 'recommended: container should be scaled')
}
