import { type ConfValues, type ContainerConf, withLive, without, withValue } from '../host/conf-text.ts'
import { splitList } from '../schema/option-spec.ts'

/** Changes that somebody asked for in one `pct set`. */
export interface Changes {
  readonly values: ConfValues
  readonly remove: readonly string[]
  readonly revert: readonly string[]
}

/** Keys that wait to be deleted; a leading `!` (forced) is left out. */
export function pendingDeletes(pending: ConfValues): readonly string[] {
  return splitList(pending['delete'] ?? '').map(key => key.replace(/^!/, ''))
}

/**
 * Puts changes into the pending part; those that change nothing are dropped.
 * Source: pve-container, LXC/Config.pm, update_pct_config, and pve-guest-common, AbstractConfig.pm, cleanup_pending.
 */
export function addPending(conf: ContainerConf, { values, remove, revert }: Changes): ContainerConf {
  const live = conf.live.values
  const kept = without(conf.pending, 'delete', ...revert)
  const wanted = { ...without(kept, ...remove), ...values }
  const changed = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => live[key] !== value))
  const deletes = [...pendingDeletes(conf.pending), ...remove].filter(
    key => live[key] !== undefined && !revert.includes(key) && values[key] === undefined,
  )
  return { ...conf, pending: withDeletes(changed, deletes) }
}

/** One pending change of `conf` made, or one pending deletion. */
export function settle(conf: ContainerConf, key: string): ContainerConf {
  const deletes = pendingDeletes(conf.pending)
  const value = deletes.includes(key) ? undefined : conf.pending[key]
  const rest = withDeletes(
    without(conf.pending, key, 'delete'),
    deletes.filter(name => name !== key),
  )
  return { ...withLive(conf, withValue(conf.live.values, key, value)), pending: rest }
}

/** What was pending in force: all of it, as at a start, or what is among `selected`. */
export function applyPending(conf: ContainerConf, selected?: ReadonlySet<string>): ContainerConf {
  const keys = [...pendingDeletes(conf.pending), ...Object.keys(without(conf.pending, 'delete'))]
  return keys.filter(key => selected?.has(key) ?? true).reduce(settle, conf)
}

/** The live part as if everything pending were in force, which is what `pct config` shows. */
export function mergedValues(conf: ContainerConf): ConfValues {
  return without({ ...conf.live.values, ...without(conf.pending, 'delete') }, ...pendingDeletes(conf.pending))
}

function withDeletes(values: ConfValues, keys: readonly string[]): ConfValues {
  return withValue(values, 'delete', keys.length === 0 ? undefined : [...new Set(keys)].sort().join(','))
}
