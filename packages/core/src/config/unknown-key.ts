import { distance } from 'fastest-levenshtein'
import { namedNode, nodeAt, type Path, propertyOf, type SchemaNode } from './schema-tree.ts'

/** Of names longer than this none is near. */
const MOST_NAME_LENGTH = 64
/** A list of names that is read at a glance. */
const FEW_NAMES = 8

/** That nothing is known of the key at `path`, and what may have been meant. */
export function unknownKeyWords(path: Path, tree: SchemaNode): string {
  const known = Object.keys(nodeAt(tree, path.slice(0, -1))?.properties ?? {})
  return `unknown key${whatElse(String(path.at(-1)), known, tree)}`
}

function whatElse(key: string, known: readonly string[], tree: SchemaNode): string {
  if (key.length <= MOST_NAME_LENGTH) {
    const [nearest] = known
      .map(name => ({ name, steps: distance(key.toLowerCase(), name) }))
      .sort((a, b) => a.steps - b.steps)
    if (nearest !== undefined && nearest.steps <= Math.max(2, key.length / 3)) return `; did you mean ${nearest.name}?`
    const elsewhere = sectionsWith(key, tree, '').slice(0, 2)
    if (elsewhere.length > 0) return ` here; it belongs to ${elsewhere.join(' or ')}`
  }
  if (known.length <= FEW_NAMES) return `; known here: ${known.join(', ')}`
  return `; none of the ${known.length} known here is like it: lxc-autoscale config reference`
}

/** The sections that have a key of that name: `scaling`, `tiers.<name>`, or the file itself. */
function sectionsWith(key: string, node: SchemaNode, path: string): string[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    sectionsWith(key, child, path === '' ? name : `${path}.${name}`),
  )
  const named = namedNode(node)
  const inNamed = named === undefined ? [] : sectionsWith(key, named, `${path}.<name>`)
  const here = propertyOf(node, key) === undefined ? [] : [path === '' ? 'the top of the file' : path]
  return [...here, ...below, ...inNamed]
}
