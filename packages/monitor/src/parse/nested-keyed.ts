import type { KernelText, Parse } from '../host/kernel-text.ts'
import { asciiText } from './digits.ts'

/** The values of one name (a device) in the order of the keys; undefined for a key that it lacks. */
export interface NestedValues {
  readonly name: string
  readonly values: readonly (number | undefined)[]
}

/**
 * Reads `name key=value ...` lines (io.stat). A line with none of the keys does not count: the kernel prints bare names
 * of devices without traffic.
 * Source: Linux, admin-guide/cgroup-v2.rst, "Nested keyed".
 */
export function nestedKeyed(keys: readonly string[]): Parse<readonly NestedValues[]> {
  return (text: KernelText) => {
    const rows: NestedValues[] = []
    const lines = completeLines(text)
    if (lines === undefined) return undefined
    for (const line of lines) {
      const [name = '', ...pairs] = line.trim().split(' ')
      const values = keys.map(key => pairValue(pairs, key))
      if (name !== '' && values.some(value => value !== undefined)) rows.push({ name, values })
    }
    return rows
  }
}

/**
 * Reads the `name Operation count` lines of cgroup v1 (blkio.throttle.io_serviced_recursive) into the same shape.
 * Source: Linux, admin-guide/cgroup-v1/blkio-controller.rst.
 */
export function nestedOperations(operations: readonly string[]): Parse<readonly NestedValues[]> {
  return (text: KernelText) => {
    const byName = new Map<string, (number | undefined)[]>()
    const lines = completeLines(text)
    if (lines === undefined) return undefined
    for (const line of lines) {
      const [name = '', operation = '', count = ''] = line.trim().split(' ')
      const index = operations.indexOf(operation)
      if (index < 0 || !/^\d+$/.test(count)) continue
      const values = byName.get(name) ?? operations.map((): number | undefined => undefined)
      values[index] = Number(count)
      byName.set(name, values)
    }
    return [...byName].map(([name, values]) => ({ name, values }))
  }
}

/**
 * The lines of a text, none of an empty one; undefined when the last line lacks its line feed: then the text was cut off,
 * and a sum over its lines would be wrong.
 */
export function completeLines({ bytes, length }: KernelText): string[] | undefined {
  if (length === 0) return []
  if (bytes[length - 1] !== 10) return undefined
  return asciiText(bytes, 0, length - 1).split('\n')
}

function pairValue(pairs: readonly string[], key: string): number | undefined {
  const pair = pairs.find(text => text.startsWith(key) && text[key.length] === '=')
  const digits = pair?.slice(key.length + 1)
  return digits !== undefined && /^\d+$/.test(digits) ? Number(digits) : undefined
}
