import { API_ITSELF } from '@lxc-autoscale/core'

/** What the audit log calls those who have no key, and the API itself. */
const RESERVED: ReadonlySet<string> = new Set([API_ITSELF.key, 'anybody', 'nobody'])

/**
 * What is wrong with the name of a key, and what to do about it; undefined when nothing is. Two keys of one name would share
 * their limits and their stored answers, and the audit log could not tell them apart.
 */
export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (RESERVED.has(name)) return `the API keeps the name "${name}" for itself; give this key another one`
  if (!taken.includes(name)) return undefined
  return `another key is named "${name}" already; give one of them a name of its own`
}
