import { type Rule, withReason } from '../draft.ts'

/** What a line of raw LXC configuration settles is not sized: Proxmox would change its own number, and the kernel would not follow. */
export const keepRawLimits: Rule = (draft, { circumstances: { rawCores, rawMemory } }) => {
  const lines = [
    ...(rawCores === undefined ? [] : [`cores are settled by the raw line "${rawCores}"`]),
    ...(rawMemory === undefined ? [] : [`memory is settled by the raw line "${rawMemory}"`]),
  ]
  if (lines.length === 0) return draft
  const cores = rawCores === undefined ? draft.to.cores : undefined
  const memoryMb = rawMemory === undefined ? draft.to.memoryMb : undefined
  return { ...withReason(draft, 'keep-raw-limits', lines.join('; ')), to: { cores, memoryMb } }
}
