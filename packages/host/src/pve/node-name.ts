const MOST_CHARACTERS = 63
const NODE_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/

/** `value`, when it can be the name of a node. Source: PVE::JSONSchema, `pve-node`. */
export function nodeName(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MOST_CHARACTERS && NODE_NAME.test(value) ? value : undefined
}
