import { isSection, keyText, namedNode, nodeAt, type Path, type SchemaNode } from '@lxc-autoscale/core'
import { isMap, listOf, type OldValue, type Section } from './old-file.ts'

/** The values of a file of the predecessor of this project, whose keys are ours. */
export function oldValues(values: Section, tree: SchemaNode): OldValue[] {
  const leaves = leavesOf(values, tree, { path: [], from: [] })
  const ignored = leaves.filter(({ path }) => path.at(-1) === 'ignore_lxc')
  if (nodeAt(tree, ['ignore_lxc']) === undefined || ignored.every(({ path }) => path.length === 1)) return leaves
  // A list of containers that are left alone counts wherever it stands.
  const list = ignored.flatMap(({ value }) => listOf(value))
  const from = ignored.map(({ from }) => from).join(' and ')
  return [...leaves.filter(leaf => !ignored.includes(leaf)), { path: ['ignore_lxc'], value: list, from }]
}

interface Place {
  readonly path: Path
  /** The same in the old file. */
  readonly from: Path
}

/** The values of `map` down to those that the schema knows as one value; names of tiers as ours must be. */
function leavesOf(map: Section, node: SchemaNode | undefined, { path, from }: Place): OldValue[] {
  const isTiers = path.length === 1 && path[0] === 'tiers'
  const names = new Set<string>()
  return Object.entries(map).flatMap(([key, value]) => {
    const name = isTiers ? tierName(key, names) : key
    const place = { path: [...path, name], from: [...from, key] }
    const child = node === undefined ? undefined : nodeAt(node, [name])
    const isOpen = child === undefined || isSection(child) || namedNode(child) !== undefined
    if (isMap(value) && isOpen) return leavesOf(value, child, place)
    return [{ path: place.path, value, from: keyText(place.from) }]
  })
}

/** The name of a tier as ours may be: in lower case, as Proxmox keeps tags, and none twice. */
export function tierName(old: string, taken: Set<string>): string {
  const name = old
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.+-]/g, '_')
    .replace(/^(?![a-z0-9_])/, '_')
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`
  taken.add(free)
  return free
}
