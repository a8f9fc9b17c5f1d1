import type { Policy } from '../policy.ts'
import { adaptive } from './adaptive/adaptive.ts'
import type { PolicyName } from './policy-names.ts'
import { threshold } from './threshold.ts'

/** The policies by name. ADD YOURS HERE, and its name in policy-names.ts. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = { adaptive, threshold }
