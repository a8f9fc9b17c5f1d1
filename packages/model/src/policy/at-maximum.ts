import type { Decision } from './decision.ts'
import type { SizingSettings } from './policy.ts'

/** Of what a container has its maximum already, while its policy would give it more. */
export function atMaximum(
  { from, wanted }: Pick<Decision, 'from' | 'wanted'>,
  { maxCores, maxMemoryMb }: Pick<SizingSettings, 'maxCores' | 'maxMemoryMb'>,
): ('cores' | 'memory')[] {
  const isFull = (has: number | undefined, wants: number | undefined, most: number) =>
    has !== undefined && wants !== undefined && has >= most && wants > has
  return [
    ...(isFull(from.cores, wanted.cores, maxCores) ? (['cores'] as const) : []),
    ...(isFull(from.memoryMb, wanted.memoryMb, maxMemoryMb) ? (['memory'] as const) : []),
  ]
}
