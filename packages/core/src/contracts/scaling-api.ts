import { z } from 'zod'
import { DecidingVerdict } from './deciding-verdict.ts'
import { NO_STEERING, SteeringBody } from './steering.ts'
import { AllocationBody, WhyText, WireCores, WireCpuLimit, WireMemoryMb, WireVmid, wireInteger } from './wire-values.ts'

/**
 * The HTTP contract between model and API (and everybody else who calls the API). Field names are those on the wire.
 */

/** What a caller believed the container has; a change is refused when it has something else. `null`: not set. */
const Expected = z
  .object({
    cores: WireCores.nullable().optional(),
    cpulimit: z.number().min(0).max(8_192).nullable().optional(),
    memory: wireInteger(1, 1_073_741_824).nullable().optional(),
  })
  .describe('Allocation from which the caller decided; 409 if the container has another one.')

const change = {
  reason: WhyText.optional(),
  force: z
    .boolean()
    .optional()
    .describe('Skip the safety rules; needs an admin key. The bounds of pct-helper.conf hold all the same.'),
}

export const ScaleCoresRequest = z.object({
  lxc_id: WireVmid,
  cores: WireCores,
  ...change,
})
export const ScaleRamRequest = z.object({
  lxc_id: WireVmid,
  memory: WireMemoryMb,
  ...change,
})
export const ScaleResourcesRequest = z
  .object({
    lxc_id: WireVmid,
    cores: WireCores.optional(),
    cpulimit: WireCpuLimit.optional(),
    memory: WireMemoryMb.optional(),
    expected: Expected.optional(),
    ...change,
  })
  .refine(
    ({ cores, cpulimit, memory }) => cores !== undefined || cpulimit !== undefined || memory !== undefined,
    'name at least one of cores, cpulimit and memory',
  )
export type ScaleResourcesRequest = z.input<typeof ScaleResourcesRequest>

/** By an API of an earlier version, as one that runs on while the package is being upgraded. */
const NOT_SAID = { ...NO_STEERING, problem: 'the API does not say what is paused: systemctl restart lxc_autoscale_api' }

/** `GET /resource/lxc/config` and one element of `GET /resource/lxc/configs`. */
export const ContainerConfigBody = AllocationBody.extend({
  lxc_id: z.number(),
  vm_id: z.number().describe('The same as lxc_id, for callers of the Python predecessor.'),
  name: z.string().nullable(),
  status: z.enum(['running', 'stopped', 'unknown']),
  in_force: AllocationBody.describe('What the kernel enforces at this moment; null where it cannot be read.'),
  lock: z.string().nullable().describe('The lock that Proxmox holds (backup, snapshot, ...).'),
  ha_managed: z.boolean().nullable(),
  ha_busy: z
    .string()
    .nullable()
    .default(null)
    .describe('What the HA manager does to it or is asked to do, in a sentence: it is left alone meanwhile.'),
  balancer_hold_seconds: z
    .number()
    .nullable()
    .default(null)
    .describe('How long Proxmox looks at an imbalance before it moves it by itself; null where it does not.'),
  template: z.boolean(),
  tags: z.array(z.string()),
  uptime_seconds: z.number().nullable(),
  least_memory_mb: z
    .number()
    .nullable()
    .default(null)
    .describe(
      'The least memory limit that the safety rules allow now: what it cannot give up, and the margin. Null when it does not run or cannot be measured.',
    ),
  raw_limits: z
    .object({ cores: z.string().nullable(), memory: z.string().nullable() })
    .default({ cores: null, memory: null })
    .describe(
      'The line of raw LXC configuration that settles cores or memory past Proxmox, so that a change of them has no effect; null when there is none.',
    ),
  steering: SteeringBody.default(NOT_SAID).describe('What people tell the autoscaler to do with it.'),
})
export type ContainerConfigBody = z.output<typeof ContainerConfigBody>

/** `GET /resource/lxc/configs`. A container that cannot be read stands in `failed`, never in `containers`. */
export const ContainerConfigsBody = z.object({
  containers: z.array(ContainerConfigBody),
  failed: z.array(
    z.object({
      lxc_id: z.number(),
      error: z.string(),
      message: z.string(),
      node: z.string().optional().describe('The node that has it, when it is another one.'),
    }),
  ),
})
export type ContainerConfigsBody = z.output<typeof ContainerConfigsBody>

/** What a change answers in `data`. */
export const ChangeBody = z.object({
  lxc_id: z.number(),
  before: AllocationBody,
  after: AllocationBody,
  changed: z.boolean().describe('False when the container had it already and pct was not run.'),
})
export type ChangeBody = z.output<typeof ChangeBody>

/** Source of the names: PVE::JSONSchema `pve-configid`, and the reserved names of PVE::AbstractConfig. */
const WireSnapshotName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{1,39}$/, 'must be 2 to 40 letters, digits, _ and -, beginning with a letter')
  .refine(name => !/^(current|vzdump)$/i.test(name), 'is a name that Proxmox keeps for itself')
  .describe('Name of the snapshot.')

/** The name of a new container; `_` is turned into `-`, as the Python predecessor did. */
const WireHostname = z
  .string()
  .max(255)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/,
    'must be a host name',
  )
  .describe('Name of the new container.')

const why = { reason: WhyText.optional() }

export const StorageIncreaseRequest = z.object({
  lxc_id: WireVmid,
  disk_size: wireInteger(1, 10_240).describe('GB (2^30 bytes) that the root disk grows by.'),
  ...why,
})
const snapshot = { lxc_id: WireVmid, snapshot_name: WireSnapshotName }
export const SnapshotRequest = z.object({ ...snapshot, ...why })
export const RollbackRequest = z.object({ ...snapshot, ...change })
export const CloneCreateRequest = z
  .object({ lxc_id: WireVmid, new_lxc_id: WireVmid, new_lxc_name: WireHostname, ...change })
  .refine(({ lxc_id, new_lxc_id }) => lxc_id !== new_lxc_id, {
    path: ['new_lxc_id'],
    message: 'must be another number than lxc_id',
  })
export const CloneDeleteRequest = z.object({ lxc_id: WireVmid, ...change })
const undo = {
  ...change,
  dry_run: z.boolean().optional().describe('Say what would be done, by the same rules, and do nothing.'),
  only: z
    .enum(['cores', 'memory'])
    .optional()
    .describe('Give back only the cores (by number and quota), or only the memory.'),
}
export const UndoRequest = z.object({
  ...undo,
  with_later: z
    .boolean()
    .optional()
    .describe('Take back what was changed after it too: the container gets all that it had before.'),
})
/** `POST /undo`: the newest change of a container, everything since a moment, or everything that the model did. */
export const UndoManyRequest = z
  .object({
    lxc_id: WireVmid.optional().describe('Only this container; alone: its newest change.'),
    since: z.iso
      .datetime({ offset: true, error: 'must be a time in ISO 8601, such as 2026-01-05T00:00:00Z' })
      .optional()
      .describe('All that was changed since then, in one step for each container.'),
    all_to_install: z.literal(true).optional().describe('What each had before the first change that the model made.'),
    dry_run: undo.dry_run,
    ...change,
  })
  .refine(
    ({ lxc_id, since, all_to_install }) =>
      since === undefined ? (lxc_id ?? all_to_install) !== undefined : all_to_install === undefined,
    'name lxc_id, since or all_to_install; since and all_to_install not together',
  )
export const InstallUndoRequest = z.object({ lxc_id: WireVmid, ...undo })

/** What `POST /scale/storage/increase` answers in `data`. */
export const StorageChangeBody = z.object({
  lxc_id: z.number(),
  before: z.object({ disk_gb: z.number().nullable() }),
  after: z.object({ disk_gb: z.number().nullable() }),
  changed: z.boolean(),
})
/** What the routes of snapshots and clones answer in `data`. */
export const OperationBody = z.object({
  lxc_id: z.number(),
  before: z.unknown(),
  after: z.unknown(),
  changed: z.boolean(),
})

export const SnapshotBody = z.object({
  name: z.string(),
  timestamp: z.string().nullable().describe('ISO 8601, UTC.'),
  description: z.string().nullable(),
  parent: z.string().nullable(),
})
export type SnapshotBody = z.output<typeof SnapshotBody>

/** `GET /resource/lxc/status`. */
export const ContainerStatusBody = z.object({
  lxc_id: z.number(),
  vm_id: z.number().describe('The same as lxc_id, for callers of the Python predecessor.'),
  name: z.string().nullable(),
  status: z.enum(['running', 'stopped', 'unknown']),
  lock: z.string().nullable(),
  uptime_seconds: z.number().nullable(),
  memory_usage_mb: z.number().nullable().describe('Now; without page cache, with shared memory.'),
  memory_floor_mb: z.number().nullable().describe('Now; what the kernel cannot reclaim.'),
  memory_limit_mb: z.number().nullable().describe('The limit in force.'),
  cpu_usage_percent: z
    .number()
    .nullable()
    .describe('Of the cores it is allowed, from the newest sample of the monitor.'),
  cpu_cores_used: z.number().nullable().describe('From the newest sample of the monitor.'),
  swap_usage_mb: z.number().nullable().describe('From the newest sample of the monitor.'),
  process_count: z.number().nullable().describe('From the newest sample of the monitor.'),
  sample_time: z.string().nullable().describe('When the monitor took that sample, ISO 8601, UTC.'),
})
export type ContainerStatusBody = z.output<typeof ContainerStatusBody>

/** `GET /resource/node/status`. */
export const NodeStatusBody = z.object({
  node: z.string(),
  uptime_seconds: z.number().nullable(),
  cores: z.number().nullable(),
  load: z.array(z.number()).describe('Load averages of 1, 5 and 15 minutes.'),
  memory_total_mb: z.number().nullable(),
  memory_used_mb: z.number().nullable(),
  memory_available_mb: z.number().nullable(),
  swap_total_mb: z.number().nullable(),
  swap_used_mb: z.number().nullable(),
  rootfs_total_gb: z.number().nullable(),
  rootfs_used_gb: z.number().nullable(),
  kernel: z.string().nullable(),
  pve_version: z.string().nullable(),
})
export type NodeStatusBody = z.output<typeof NodeStatusBody>

/** `GET /resource/cluster/status`. */
export const ClusterStatusBody = z.object({
  name: z.string().nullable().describe('Null on a node without a cluster.'),
  quorate: z.boolean(),
  nodes: z.array(
    z.object({
      name: z.string(),
      node_id: z.number().nullable(),
      ip: z.string().nullable(),
      online: z.boolean(),
      local: z.boolean(),
    }),
  ),
})
export type ClusterStatusBody = z.output<typeof ClusterStatusBody>

/** `GET /health/check`; with status 503 when a check failed. */
export const HealthBody = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  version: z.string(),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
  deciding: DecidingVerdict.optional().describe('Whether the model decides; left out where that is not looked at.'),
})
export type HealthBody = z.output<typeof HealthBody>

/** `POST /news/test` */
export const NewsTestRequest = z.object({
  target: z.string().max(64).optional().describe('Name of the only target that is sent a message; all when left out.'),
})

/** What `POST /news/test` answers in `data`. */
export const NewsTestBody = z.object({
  targets: z.array(
    z.object({
      target: z.string(),
      type: z.string(),
      is_sent: z.boolean(),
      text: z.string().describe('What the other side said, or what is wrong.'),
    }),
  ),
})
export type NewsTestBody = z.output<typeof NewsTestBody>

/** What became of a change that was asked for. `unknown`: it was interrupted, and nobody saw how it ended. */
export const CHANGE_OUTCOMES = ['applied', 'unchanged', 'refused', 'failed', 'unknown'] as const
export type ChangeOutcome = (typeof CHANGE_OUTCOMES)[number]

/** Whether a change gave more or less. */
export const CHANGE_DIRECTIONS = ['up', 'down'] as const

/** What can be changed. The last three change nothing of a container, but what the model does with it. */
export const CHANGE_ACTIONS = [
  'scale',
  'storage-increase',
  'snapshot-create',
  'snapshot-rollback',
  'snapshot-delete',
  'clone-create',
  'clone-delete',
  'pause',
  'resume',
  'mode',
] as const
export type ChangeAction = (typeof CHANGE_ACTIONS)[number]

/** One line of the audit log, and one element of `GET /history`. */
export const HistoryEntryBody = z.object({
  id: z.string(),
  time: z.string().describe('When it was asked for, ISO 8601, UTC.'),
  duration_seconds: z.number().nullable().describe('Null when it was interrupted.'),
  action: z.enum(CHANGE_ACTIONS),
  lxc_id: z.number().describe('0: every container, of a pause of all and its end.'),
  name: z.string().nullable(),
  who: z.object({ key: z.string(), role: z.string(), address: z.string() }),
  asked: z.record(z.string(), z.unknown()).describe('What was asked for, as on the wire.'),
  before: z.unknown(),
  after: z.unknown(),
  why: z.string().nullable(),
  force: z.boolean(),
  outcome: z.enum(CHANGE_OUTCOMES),
  error: z.string().nullable().describe('The error code of a change that was refused or failed.'),
  message: z.string(),
  warning: z.string().optional().describe('What went wrong although the change was made; stands in the message too.'),
  undo_of: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  boot: z
    .object({ id: z.string(), seconds: z.number() })
    .optional()
    .describe('When it was asked for by a clock that nobody sets: the boot of the host, and seconds since it.'),
  count: z
    .int()
    .optional()
    .describe('So many refused requests of this kind were counted together, of which this is the last; absent: one.'),
  boost: z
    .object({ until: z.iso.datetime().nullable() })
    .optional()
    .describe('It gave more until then, or (null) gave back what a boost had given.'),
  overwritten: AllocationBody.optional().describe(
    'What somebody else had set while the change was being made, and was overwritten by it.',
  ),
})
export type HistoryEntryBody = z.output<typeof HistoryEntryBody>

/** A number of a change as people see it has at least so many characters. */
export const SHORT_ID_CHARACTERS = 6

/** What a container had before the first change that the model made to it. */
export const InstallSizeBody = AllocationBody.extend({
  lxc_id: z.number(),
  name: z.string().nullable().describe('Its name then.'),
  time: z.string().describe('When that change was asked for, ISO 8601, UTC.'),
  change_id: z.string().describe('Number of that change.'),
})
export type InstallSizeBody = z.output<typeof InstallSizeBody>

/** `GET /history/install`. */
export const InstallSizesBody = z.object({ containers: z.array(InstallSizeBody) })
export type InstallSizesBody = z.output<typeof InstallSizesBody>

/** What came of the undo of one container; `cores_alone`: its memory cannot be given back. */
const UNDO_OUTCOMES = ['taken_back', 'unchanged', 'cores_alone', 'failed'] as const

/** What `POST /undo` answers in `data`: a container that cannot be given back what it had costs no other its turn. */
export const UndoManyBody = z.object({
  dry_run: z.boolean().describe('True: nothing was done; `outcome` is what would come of it.'),
  containers: z.array(
    z.object({
      lxc_id: z.number(),
      name: z.string().nullable(),
      outcome: z.enum(UNDO_OUTCOMES),
      message: z.string(),
      error: z.string().nullable().describe('The error code where it failed, or where the memory stays.'),
      changes: z
        .array(HistoryEntryBody)
        .describe('What is taken back so, newest first; empty where it is the way to a size.'),
      undo_of: z.string().describe('Before that change it had what it gets back.'),
      change_id: z.string().nullable().describe('Number of the change that took it back.'),
    }),
  ),
  others: z.array(HistoryEntryBody).describe('Changes of other kinds in that time, of which there is no way back.'),
})
export type UndoManyBody = z.output<typeof UndoManyBody>

/** The query of `GET /history`. */
export const HistoryQuery = z.object({
  lxc_id: WireVmid.optional(),
  since: z.iso.datetime({ offset: true, error: 'must be a time in ISO 8601, such as 2026-01-05T00:00:00Z' }).optional(),
  limit: wireInteger(1, 1_000).default(100).describe('Most entries that are given.'),
  skip: wireInteger(0, 1_000_000).default(0).describe('So many of the first are left out: for the next page.'),
  who: z.string().min(1).max(64).optional().describe('Only what was asked for with the key of this name.'),
  outcome: z.enum(CHANGE_OUTCOMES).optional().describe('Only what ended so.'),
  direction: z
    .enum(CHANGE_DIRECTIONS)
    .optional()
    .describe('Only what gave more cores or memory (`up`), or less (`down`).'),
  newest: z
    .literal('true')
    .optional()
    .describe('Only the newest change of the allocation of each container, whoever made it.'),
  short: z
    .literal('true')
    .optional()
    .describe('Give `short_ids` too: how much of each number is enough to name its change.'),
  made: z
    .literal('true')
    .optional()
    .describe(
      'Only what was begun, in the order of the log, whatever the clock said then: what ended last comes first.',
    ),
})

/** `GET /history`. */
export const HistoryBody = z.object({
  entries: z.array(HistoryEntryBody),
  short_ids: z
    .record(z.string(), z.string())
    .optional()
    .describe('By number: its beginning that no other change has, of at least six characters.'),
  caller: z.object({ key: z.string(), role: z.string() }).describe('Who asks, as `who` of an entry would name it.'),
})
export type HistoryBody = z.output<typeof HistoryBody>

/** Every success. */
export function successBody<Data extends z.ZodType>(data: Data) {
  return z.object({
    status: z.literal('success'),
    message: z.string(),
    data,
    ignored: z.array(z.string()).optional().describe('Fields of the request that the route does not know.'),
    change_id: z.string().optional().describe('Number of a change in the audit log.'),
    warning: z.string().optional().describe('What went wrong although the change was made; stands in the message too.'),
  })
}

/** Every failure; further fields may stand beside these. */
export const ErrorBody = z.looseObject({
  status: z.literal('error'),
  error: z.string(),
  message: z.string(),
})
export type ErrorBody = z.output<typeof ErrorBody>
