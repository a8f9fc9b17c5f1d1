import type { DecidingVerdict } from '@lxc-autoscale/core'
import { bad, warned } from './terminal.ts'

const COLORS: Readonly<Record<DecidingVerdict['state'], (text: string) => string>> = {
  deciding: text => text,
  idle: warned,
  stuck: bad,
}

/** Whether the model decides, on one line; below it what mends each thing that keeps it from that. */
export function verdictLine({ state, text, problems }: DecidingVerdict): string {
  const [first, ...others] = problems
  return [
    COLORS[state](text),
    ...(first === undefined ? [] : mendLines(first)),
    ...others.flatMap(problem => [`  also: ${problem.text}`, ...mendLines(problem)]),
  ].join('\n')
}

function mendLines({ mend }: DecidingVerdict['problems'][number]): string[] {
  return mend === '' ? [] : [`  mend: ${mend}`]
}
