import { createHash } from 'node:crypto'
import { readBroadcast } from '../host/broadcast.ts'
import type { ConfValues } from '../host/conf-text.ts'
import { loadConf, loadConfFile, runs } from '../pct/context.ts'
import { Failure, ParameterFailure } from '../pct/failure.ts'
import { mergedValues, pendingDeletes } from '../pct/pending.ts'
import { configOption } from '../schema/config-options.ts'
import type { RestRequest } from './rest-request.ts'

/** Whole numbers and flags are numbers, others are as they stand in the file. Source: pve-container, LXC/Config.pm, check_type. */
function typed(key: string, value: string): string | number {
  const type = configOption(key)?.type
  return (type === 'integer' || type === 'boolean') && /^\d+$/.test(value) ? Number(value) : value
}

function typedValues(values: ConfValues): Record<string, string | number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typed(key, value)]))
}

/** `GET …/config`: nobody verifies what is given back, other than for a command. */
export function containerConfig({ context, parameters }: RestRequest): unknown {
  const { current, snapshot, vmid } = parameters
  if (snapshot !== undefined && current === '1') {
    const problem = "cannot use 'snapshot' parameter with 'current'"
    throw new ParameterFailure({ snapshot: problem, current: problem })
  }
  const { conf, bytes } = loadConfFile(context, Number(vmid))
  const section = snapshot === undefined ? conf.live : conf.snapshots[snapshot]
  if (section === undefined) throw new Failure(`snapshot '${snapshot}' does not exist`)
  const values = snapshot === undefined && current !== '1' ? mergedValues(conf) : section.values
  return {
    ...typedValues(values),
    ...(section.lxc.length === 0 ? {} : { lxc: section.lxc }),
    digest: digestOf(bytes),
  }
}

/** `GET …/pending`. Source: pve-guest-common, GuestHelpers.pm, config_with_pending_array. */
export function pendingOptions({ context, parameters }: RestRequest): unknown {
  const { live, pending } = loadConf(context, Number(parameters['vmid']))
  const deletes = pendingDeletes(pending)
  const keys = new Set([...Object.keys(live.values), ...Object.keys(pending), ...deletes])
  keys.delete('delete')
  return [...keys].map(key => {
    const [now, next] = [live.values[key], pending[key]]
    return {
      key,
      ...(now === undefined ? {} : { value: typed(key, now) }),
      ...(next === undefined ? {} : { pending: typed(key, next) }),
      ...(deletes.includes(key) ? { delete: 1 } : {}),
    }
  })
}

/** `GET …/snapshot`. Source: pve-container, API2/LXC/Snapshot.pm. */
export function snapshotList({ context, parameters }: RestRequest): unknown {
  const vmid = Number(parameters['vmid'])
  const { conf, bytes } = loadConfFile(context, vmid)
  const parent = ({ parent: name }: ConfValues) => (name === undefined ? {} : { parent: name })
  const snapshots = Object.entries(conf.snapshots).map(([name, { values }]) => ({
    name,
    snaptime: Number(values['snaptime'] ?? 0),
    description: values['description'] ?? '',
    ...parent(values),
    ...(values['snapstate'] === undefined ? {} : { snapstate: values['snapstate'] }),
  }))
  const current = {
    name: 'current',
    digest: digestOf(bytes),
    running: runs(context, vmid) ? 1 : 0,
    description: 'You are here!',
    ...parent(conf.live.values),
  }
  return [...snapshots, current]
}

/** A daemon has looked before, so that it knows how busy the node and its containers are, which a command never does. */
export function withUsage({ context, path }: RestRequest, data: unknown): unknown {
  const broadcast = readBroadcast(context.paths)
  if (path.endsWith('/status') && isRecord(data)) return { ...data, cpu: broadcast?.nodeCpu ?? 0 }
  const busy = (row: unknown) => (isRecord(row) ? { ...row, cpu: broadcast?.cpu[String(row['vmid'])] ?? 0 } : row)
  if (path.endsWith('/status/current')) return busy(data)
  return path.endsWith('/lxc') && Array.isArray(data) ? data.map(busy) : data
}

/** Of a list, the containers that the asker may look at. */
export function visible({ asker }: RestRequest, data: unknown): unknown {
  if (!Array.isArray(data)) return data
  return data.filter(
    row => !isRecord(row) || row['vmid'] === undefined || asker.has(`/vms/${row['vmid']}`, ['VM.Audit']),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}
