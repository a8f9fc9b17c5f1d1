import type { KernelText } from '../kernel-text.ts'
import { asciiText, lineEnd } from './digits.ts'

/** Whether a list like that of cgroup.controllers (`cpuset cpu io`) has a word; undefined when it is cut off. */
export function hasWord({ bytes, length }: KernelText, word: string): boolean | undefined {
  const end = lineEnd(bytes, 0, length)
  return end === undefined ? undefined : asciiText(bytes, 0, end).split(' ').includes(word)
}
