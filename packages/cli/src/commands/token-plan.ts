import type { Grant, RestFeature } from '@lxc-autoscale/api'

/** Who the API is for Proxmox; each node has a token of its own, which can be taken back alone. */
const TOKEN_USER = 'lxc-autoscale@pve'

/** A token is named by its node, and begins with a letter. Source: PVE::AccessControl, token-subid. */
function tokenName(node: string): string {
  return `api-${node}`
}

export function tokenId(node: string): string {
  return `${TOKEN_USER}!${tokenName(node)}`
}

/** What is to be made. */
export interface TokenPlan {
  readonly node: string
  readonly grants: readonly Grant[]
  readonly features: readonly RestFeature[]
}

/** A command of Proxmox: the words after `pveum`. */
export interface PveumStep {
  readonly words: readonly string[]
  /** Whether it is no failure when what it makes is there, or what it removes is not. */
  readonly isRepeatable: boolean
}

/** By path: a role has there what is needed there, and is given nowhere else. */
const ROLES: Readonly<Record<string, string>> = {
  '/vms': 'LXCAutoScale',
  '/nodes': 'LXCAutoScaleNodes',
  '/storage': 'LXCAutoScaleStorage',
  '/sdn/zones': 'LXCAutoScaleNetwork',
  '/': 'LXCAutoScaleCluster',
}

/**
 * What gives the token just what `features` need, whatever it had before. The token has privileges of its own (privsep), so that its
 * user needs them too: what counts is what both have. Source: pve-access-control, PVE::CLI::pveum, whose words are those since PVE 6.
 */
export function grantSteps({ node, grants, features }: TokenPlan): readonly PveumStep[] {
  const needed = grants.filter(({ feature }) => features.includes(feature))
  const user = { words: ['user', 'add', TOKEN_USER, '--comment', 'LXC AutoScale ML'], isRepeatable: true }
  const roles = Object.entries(ROLES).flatMap(([path, role]) => {
    const here = needed.filter(grant => grant.path === path)
    const privileges = [...new Set(here.flatMap(grant => grant.privileges))].sort()
    if (privileges.length === 0) return []
    const propagate = here.some(({ isForPathAlone }) => !isForPathAlone) ? '1' : '0'
    return [
      { words: ['role', 'add', role], isRepeatable: true },
      { words: ['role', 'modify', role, '--privs', privileges.join(' ')], isRepeatable: false },
      ...aclSteps(node, ['modify', path, '--roles', role, '--propagate', propagate]),
    ]
  })
  return [user, tokenStep(node, 'add', '--privsep', '1', '--output-format', 'json'), ...roles]
}

/** Takes from this node's token what earlier features needed; `there` are the roles that Proxmox has. */
export function dropSteps({ node, grants, features }: TokenPlan, there: readonly string[]): readonly PveumStep[] {
  const kept = new Set(grants.filter(({ feature }) => features.includes(feature)).map(({ path }) => path))
  return Object.entries(ROLES).flatMap(([path, role]): PveumStep[] =>
    kept.has(path) || !there.includes(role) ? [] : aclSteps(node, ['delete', path, '--roles', role]),
  )
}

/** Makes the token, or takes it away so that another secret can be made. */
export function tokenStep(node: string, verb: 'add' | 'remove', ...options: readonly string[]): PveumStep {
  return { words: ['user', 'token', verb, TOKEN_USER, tokenName(node), ...options], isRepeatable: true }
}

export function isTokenStep({ words }: PveumStep): boolean {
  return words[1] === 'token'
}

/** The user keeps what the tokens of other nodes may still need. */
function aclSteps(node: string, words: readonly string[]): PveumStep[] {
  const token = { words: ['acl', ...words, '--tokens', tokenId(node)], isRepeatable: false }
  const user = { words: ['acl', ...words, '--users', TOKEN_USER], isRepeatable: false }
  return words[0] === 'delete' ? [token] : [user, token]
}

/** A step as it is typed into a shell. */
export function shellLine(step: PveumStep): string {
  const { words, isRepeatable } = step
  const quoted = words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`))
  return `pveum ${quoted.join(' ')}${isRepeatable && !isTokenStep(step) ? ' || true' : ''}`
}

/** What takes it back, of this node; and what takes back all. */
export function revokeLines(node: string): readonly string[] {
  const roles = Object.values(ROLES).map(role => `pveum role delete ${role}`)
  return [shellLine(tokenStep(node, 'remove')), [`pveum user delete ${TOKEN_USER}`, ...roles].join('; ')]
}
