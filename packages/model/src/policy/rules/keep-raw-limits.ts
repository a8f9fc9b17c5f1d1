import { hold, type Rule } from '../draft.ts'

/** What a line of raw LXC configuration settles is not sized: Proxmox would change its own number, and the kernel would not follow. */
export const keepRawLimits: Rule = (draft, { circumstances: { rawCores, rawMemory } }) => {
  const settled = [
    { on: 'cores' as const, line: rawCores },
    { on: 'memoryMb' as const, line: rawMemory },
  ]
  return settled.reduce((soFar, { on, line }) => {
    if (line === undefined) return soFar
    return hold(soFar, on, { rule: 'keep-raw-limits', text: `settled by the raw line "${line}"` })
  }, draft)
}
