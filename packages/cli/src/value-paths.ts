import type { Path } from '@lxc-autoscale/core'
import { isMap } from './old-file.ts'

/** The value at `path` of plain maps and lists; undefined when there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, step) => {
    if (Array.isArray(node)) return node[Number(step)]
    return isMap(node) && Object.hasOwn(node, step) ? node[step] : undefined
  }, root)
}

/** Puts `value` at `path`; a number in the path begins a list. */
export function setAt(root: Record<string, unknown>, path: Path, value: unknown): void {
  const [first = '', second, ...rest] = path
  if (second === undefined) root[first] = value
  else if (typeof second === 'number') root[first] = [value]
  else {
    const inside = { ...(isMap(root[first]) ? root[first] : {}) }
    root[first] = inside
    setAt(inside, [second, ...rest], value)
  }
}

/** Takes away what stands at `path`, or the section that lacks it. Gives the paths of all values that are gone. */
export function unsetAt(root: Record<string, unknown>, path: Path): Path[] {
  const place = path.findLastIndex((_, at) => valueAt(root, path.slice(0, at + 1)) !== undefined)
  if (place === -1) return []
  const whole = path.slice(0, place + 1)
  const above = valueAt(root, whole.slice(0, -1))
  const gone = leavesBelow(valueAt(root, whole), whole)
  if (isMap(above)) Reflect.deleteProperty(above, String(whole.at(-1)))
  else return unsetAt(root, whole.slice(0, -1))
  const isEmpty = whole.length > 1 && Object.keys(above).length === 0
  if (isEmpty) unsetAt(root, whole.slice(0, -1))
  return gone
}

function leavesBelow(value: unknown, path: Path): Path[] {
  return isMap(value) ? Object.entries(value).flatMap(([key, inside]) => leavesBelow(inside, [...path, key])) : [path]
}
