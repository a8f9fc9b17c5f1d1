/** The policies by name, the default first. */
export const POLICY_NAMES = ['adaptive', 'threshold'] as const
export type PolicyName = (typeof POLICY_NAMES)[number]
