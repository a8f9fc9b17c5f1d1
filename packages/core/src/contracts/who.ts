import { isDecidedByModel } from './change-key.ts'
import type { HistoryEntryBody } from './scaling-api.ts'

/** By what the audit log knows the model. */
export const MODEL_KEY_NAME = 'model'

/** What earlier versions called the key that stands alone on the first such line, which is that of the model. */
export const FORMER_MODEL_KEY_NAME = 'key-file'

/** By what an entry of the history names the API, where it changed something by itself. No key may have this name. */
export const API_ITSELF = { key: 'lxc-autoscale', role: 'service' } as const

/** Who decided a change: the model, the service itself, or whoever has the key of this name. */
export function whoText(entry: Pick<HistoryEntryBody, 'who' | 'action' | 'undo_of' | 'idempotency_key'>): string {
  const { key } = entry.who
  if (isDecidedByModel(entry)) return 'model'
  if (key === API_ITSELF.key) return key
  // The key of the model, used by somebody else, as the command lxc-autoscale does where there is no other.
  return key === MODEL_KEY_NAME || key === FORMER_MODEL_KEY_NAME ? 'a person' : key
}
