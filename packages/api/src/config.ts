import { type ConfigRules, HostSection, LOG_LEVELS, MAX_VMID, stateDirectory } from '@lxc-autoscale/core'
import { z } from 'zod'
import { AuthenticationSection } from './http/authentication-section.ts'
import { isLoopbackAddress } from './http/client-address.ts'
import { ErrorHandlingSection, NotificationsSection } from './news/notifications-section.ts'

const seconds = (max: number, fallback: number, text: string) =>
  z.number().positive().max(max).default(fallback).describe(text)

const ServerSection = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Other than loopback it needs authentication; put a TLS proxy in front of it.'),
    port: z.int().min(0).max(65_535).default(5000).describe('TCP port; 0 takes a free one and logs it.'),
    allowed_hosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Names under which clients may address this API (the Host header), beside localhost, server.host and the address they connected to. Guards against DNS rebinding.',
      ),
    trusted_proxies: z
      .array(z.string().min(1))
      .default([])
      .describe('Addresses or networks (CIDR) of proxies whose X-Forwarded-For is believed; nobody else is.'),
    max_connections: z
      .int()
      .min(8)
      .max(65_536)
      .default(1024)
      .describe(
        'Connections at once. Beyond it those over which no right key came make room, the longest quiet ones first. The unit allows 8192 open files.',
      ),
    header_timeout_seconds: seconds(120, 10, 'Time a client has to send the head of a request.'),
    request_timeout_seconds: seconds(600, 30, 'Time a client has to send a whole request.'),
    keep_alive_seconds: seconds(3_600, 30, 'Time an idle connection is kept.'),
    max_body_kb: z.int().min(1).max(1_024).default(64).describe('Largest request body, KB.'),
    public_metrics: z.boolean().default(true).describe('Whether GET /metrics needs no key.'),
  })
  .prefault({})

const RestSection = z
  .strictObject({
    url: z
      .url({ protocol: /^https$/, error: 'must be an https:// address: the token goes there' })
      .refine(url => /^https:\/\/[^/?#@]+\/?$/i.test(url), 'must be https://HOST:PORT and no more')
      .default('https://127.0.0.1:8006')
      .describe('Where Proxmox serves it; of this node, whichever node a container is on.'),
    token_file: z
      .string()
      .min(1)
      .default('/etc/lxc_autoscale_ml/pve-token')
      .describe('File with the API token on one line, USER@REALM!TOKENID=SECRET; others must not be able to read it.'),
    ca_file: z
      .string()
      .min(1)
      .default('/etc/pve/pve-root-ca.pem')
      .describe(
        'Certificate authority that the certificate of that address must be of; by default that of the cluster.',
      ),
    fingerprint: z
      .string()
      .regex(
        /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$/,
        'must be a SHA-256 fingerprint: 32 pairs of hex digits with colons',
      )
      .transform(text => text.toUpperCase())
      .optional()
      .describe(
        'SHA-256 fingerprint of the one certificate that is accepted there, whoever signed it; ca_file is not read then.',
      ),
  })
  .prefault({})

const LxcSection = z
  .strictObject({
    backend: z
      .enum(['pct', 'rest'])
      .default('pct')
      .describe(
        'How Proxmox is driven: by its command pct, as root behind a helper, or by its REST interface with a token.',
      ),
    rest: RestSection.describe('The REST interface of Proxmox, for lxc.backend rest.'),
    node: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'must be a node name')
      .optional()
      .describe('Name of this Proxmox node; by default what /etc/pve says, else the host name.'),
    default_storage: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9._-]*$/, 'must be the name of a storage')
      .optional()
      .describe('Storage for the disks of a clone; by default that of the container it is cloned from.'),
    timeout_seconds: seconds(
      600,
      30,
      'Time limit of one command that sets or reads (Proxmox itself waits 10 s for a lock).',
    ),
    snapshot_timeout_seconds: seconds(
      7_200,
      300,
      'Time limit of pct snapshot, rollback and delsnapshot; a rollback that starts the container again takes a minute or more on LVM-thin.',
    ),
    clone_timeout_seconds: seconds(86_400, 3_600, 'Time limit of pct clone, which copies the disks.'),
    power_timeout_seconds: seconds(3_600, 180, 'Time limit of pct start and stop.'),
    destroy_timeout_seconds: seconds(7_200, 600, 'Time limit of pct destroy.'),
    resize_timeout_seconds: seconds(7_200, 300, 'Time limit of pct resize.'),
    max_waiting_changes: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe('Changes that may wait for their turn (two run at once); beyond it the answer is 429.'),
  })
  .prefault({})

const RateLimitSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether requests are counted. Of loopback clients only changes are.'),
    max_requests_per_minute: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(120)
      .describe('Requests per address, and per key, in one window.'),
    max_changes_per_minute: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(2_000)
      .describe(
        'Changing requests per key in one window, from wherever they come, refused ones too; a model with 1000 containers stays below it.',
      ),
    time_window_seconds: z.int().min(1).max(3_600).default(60).describe('Length of the window.'),
  })
  .prefault({})

const LoggingSection = z
  .strictObject({
    level: z.enum(LOG_LEVELS).default('INFO').describe('Least level that is logged.'),
    log_file: z.string().default('/var/log/autoscaleapi.log').describe('Log file, beside the journal; empty for none.'),
    rotate: z
      .boolean()
      .default(true)
      .describe('Whether the file is rotated by size; when not, something else must do it.'),
    max_log_size_mb: z.number().positive().max(10_000).default(10).describe('Size at which the file is rotated, MB.'),
    backup_count: z.int().min(1).max(100).default(5).describe('Rotated files that are kept.'),
  })
  .prefault({})

const bounds = {
  min_cores: z.number().positive().max(8_192).optional().describe('Least cores, whole or by quota.'),
  max_cores: z.number().positive().max(8_192).optional().describe('Most cores, whole or by quota.'),
  min_memory_mb: z.int().min(16).optional().describe('Smallest memory limit, MB.'),
  max_memory_mb: z.int().min(16).optional().describe('Largest memory limit, MB.'),
}

const Bounds = z
  .strictObject(bounds)
  .refine(({ min_cores, max_cores }) => (min_cores ?? 0) <= (max_cores ?? Infinity), {
    path: ['min_cores'],
    message: 'must not be above max_cores',
  })
  .refine(({ min_memory_mb, max_memory_mb }) => (min_memory_mb ?? 0) <= (max_memory_mb ?? Infinity), {
    path: ['min_memory_mb'],
    message: 'must not be above max_memory_mb',
  })
export type Bounds = z.output<typeof Bounds>

const BOUND_PAIRS = [
  ['min_cores', 'max_cores'],
  ['min_memory_mb', 'max_memory_mb'],
] as const

interface BoundConflict {
  readonly key: keyof Bounds
  readonly message: string
}

/** Where a bound of one container and the general one for the other end leave nothing between them. */
function conflicts(own: Bounds, limits: Bounds): BoundConflict[] {
  return BOUND_PAIRS.flatMap<BoundConflict>(([min, max]) => {
    const [least, most] = [own[min] ?? limits[min], own[max] ?? limits[max]]
    const isOwnPair = own[min] !== undefined && own[max] !== undefined
    if (isOwnPair || least === undefined || most === undefined || least <= most) return []
    return own[min] === undefined
      ? [{ key: max, message: `${most} is below safety.limits.${min}, ${least}` }]
      : [{ key: min, message: `${least} is above safety.limits.${max}, ${most}` }]
  })
}

const SafetySection = z
  .strictObject({
    memory_margin_mb: z
      .number()
      .min(0)
      .default(32)
      .describe('Memory that a smaller limit must leave above what the container cannot give up, MB.'),
    memory_margin_percent: z
      .number()
      .min(0)
      .max(100)
      .default(5)
      .describe('The same as a share of what it cannot give up; the larger of the two counts.'),
    host_memory_reserve_mb: z
      .number()
      .min(0)
      .default(512)
      .describe('Memory of the host that must stay available if a container used all that a larger limit adds, MB.'),
    memory_overcommit: z
      .number()
      .positive()
      .max(100)
      .default(2)
      .describe('Sum of the memory limits of running containers that is allowed, as a multiple of the host memory.'),
    cpu_overcommit: z
      .number()
      .positive()
      .max(1_000)
      .default(8)
      .describe(
        'Sum of the cores of running containers that is allowed, as a multiple of the host cores. Containers without a limit do not count.',
      ),
    scale_stopped: z.boolean().default(false).describe('Whether a stopped container may be changed without force.'),
    limits: Bounds.prefault({}).describe('Bounds for every container.'),
    containers: z
      .record(z.string().regex(/^[1-9]\d{2,8}$/, `must be a container number up to ${MAX_VMID}`), Bounds)
      .default({})
      .describe('Bounds of single containers, by number; they take the place of safety.limits key by key.'),
  })
  .superRefine(({ limits, containers }, context) => {
    for (const [vmid, own] of Object.entries(containers)) {
      for (const { key, message } of conflicts(own, limits)) {
        context.addIssue({ code: 'custom', path: ['containers', vmid, key], message })
      }
    }
  })
  .prefault({})
  .describe('Rules that every change must keep, whoever asks; an admin key may set "force": true.')
export type SafetySection = z.output<typeof SafetySection>

const ClusterSection = z
  .strictObject({
    remote_changes: z
      .boolean()
      .default(false)
      .describe(
        'Whether cores and memory of containers of other nodes can be set here too, through Proxmox; with lxc.backend pct it takes remote_changes in pct-helper.conf as well.',
      ),
  })
  .prefault({})

const StateSection = z
  .strictObject({
    directory: stateDirectory('api').describe('Directory of the audit log and of the history of figures.'),
    max_audit_size_mb: z
      .number()
      .positive()
      .max(10_000)
      .default(10)
      .describe('Size at which the audit log is rotated, MB.'),
    audit_backup_count: z.int().min(1).max(1_000).default(10).describe('Rotated audit logs that are kept.'),
    idempotency_hours: z
      .number()
      .positive()
      .max(720)
      .default(24)
      .describe('How long a change is not made again for its Idempotency-Key, and answered with what came of it.'),
  })
  .prefault({})

const HealthSection = z
  .strictObject({
    metrics_file: z
      .string()
      .default('/var/log/lxc_metrics.json')
      .describe('File of the monitor, which is followed, and whose age GET /health/check watches; empty for none.'),
    max_metrics_age_seconds: seconds(86_400, 120, 'Age above which the metrics file counts as stale.'),
    pct_interval_seconds: seconds(
      3_600,
      30,
      'How often GET /health/check may run pct itself; its result is kept for so long.',
    ),
    model_lock_file: z
      .string()
      .default('/var/lock/lxc_autoscale_ml.lock')
      .describe('Lock of the model, which tells whether it runs; empty for not looking.'),
    model_status_file: z
      .string()
      .default('/var/lib/lxc_autoscale_ml/model/model-status.json')
      .describe('What the model writes down after each cycle, which tells whether it decides; empty for not looking.'),
  })
  .prefault({})

/** config/lxc_autoscale_api.yaml */
export const ApiConfig = z
  .strictObject({
    server: ServerSection.describe('Where it listens and what it accepts.'),
    authentication: AuthenticationSection.describe('Who may use it.'),
    rate_limiting: RateLimitSection.describe('Requests per client.'),
    lxc: LxcSection.describe('How Proxmox is driven.'),
    safety: SafetySection,
    cluster: ClusterSection.describe('Other nodes of the cluster.'),
    state: StateSection.describe('What it keeps.'),
    health: HealthSection.describe('What it watches.'),
    notifications: NotificationsSection.describe('Who is told what happens.'),
    error_handling: ErrorHandlingSection.describe('The keys by which the Python predecessor said who gets mail.'),
    logging: LoggingSection.describe('Its log.'),
    host: HostSection.unwrap()
      .extend({
        rrd: z
          .string()
          .min(1)
          .default('/var/lib/rrdcached/db')
          .describe('Where Proxmox keeps the history of its guests (RRD files).'),
      })
      .prefault({})
      .describe('Roots of the files that are read. Only a test or a captured host needs to change them.'),
  })
  .refine(({ server, authentication }) => authentication.enabled || isLoopbackAddress(server.host), {
    path: ['authentication', 'enabled'],
    message: 'must be true when server.host is not a loopback address',
  })
export type ApiConfig = z.output<typeof ApiConfig>
export type RestSection = z.output<typeof RestSection>

/** How the file is read, with the keys that only the Python predecessor could use. */
export const API_CONFIG_RULES: ConfigRules<typeof ApiConfig> = {
  schema: ApiConfig,
  retiredKeys: {
    gunicorn: 'there is no gunicorn; the daemon serves HTTP itself',
    'lxc.verify_ssl':
      'the certificate of the REST interface is always verified: lxc.rest.ca_file, lxc.rest.fingerprint',
    'lxc.max_retries': 'a change that may be repeated is tried again by lxc_autoscale_ml: retry_logic.max_retries',
    'logging.log_format': 'the log file holds JSON lines, the journal lines for people',
    'logging.structured_logging': 'the log file holds JSON lines, the journal lines for people',
    'logging.access_log_file': 'requests are in logging.log_file and the journal',
    'logging.error_log_file': 'errors are in logging.log_file and the journal',
    'error_handling.log_errors': 'a request that ends in a 5xx status is always logged',
    'error_handling.show_stack_traces': 'an answer never holds a stack trace; the log does',
  },
}
