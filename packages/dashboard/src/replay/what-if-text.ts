import type { WhatIfResult } from '@lxc-autoscale/core'
import { coresText, memoryText, percentText } from '../format.ts'

/** What a replay came to: what was, what would have been, and what of that is new. */
export function whatIfText({ had, would }: Pick<WhatIfResult, 'had' | 'would'>): string[] {
  const [changes, kills] = [countText(would.changes, 'change'), countText(would.kills, 'kill')]
  return [
    `It had ${sizeText(had)}, too little ${percentText(had.short_percent)} of the time, with ${countText(had.changes, 'change')}.`,
    `It would have had ${sizeText(would)}, too little ${percentText(would.short_percent)} of the time, with ${changes} and ${kills}.`,
    `That is ${[difference(had.cores, would.cores, coresText), difference(had.memory_mb, would.memory_mb, memoryText)].filter(Boolean).join(' and ') || 'about the same size'}.`,
  ]
}

function sizeText({ cores, memory_mb: memoryMb }: Pick<WhatIfResult['had'], 'cores' | 'memory_mb'>): string {
  return `${coresText(cores)} and ${memoryText(memoryMb)} on average`
}

function countText(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
}

/** Less than that is nothing that anybody would change a setting for. */
const LEAST_SHARE = 0.01

function difference(had: number | null, would: number | null, text: (value: number) => string): string {
  if (had === null || would === null || Math.abs(would - had) <= LEAST_SHARE * had) return ''
  return `${text(Math.abs(would - had))} ${would < had ? 'less' : 'more'}`
}
