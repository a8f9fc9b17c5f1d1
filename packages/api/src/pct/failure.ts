import { AutoscaleError, type ErrorCode, type ErrorVerdict } from '@lxc-autoscale/core'

/** How a command ended that did not do what it was asked. */
export interface CommandFailure {
  readonly commandLine: string
  /** Undefined when a signal ended it, or it was no process. */
  readonly exitCode: number | undefined
  /** How it ended, of what was no process. */
  readonly ended?: string
  readonly stdout: string
  readonly stderr: string
}

interface KnownText {
  readonly pattern: RegExp
  readonly code: ErrorCode
  /** What it leaves, where that is more than the code tells. */
  readonly leaves?: ErrorVerdict['leaves']
  /** Names the first group of the pattern in the answer. */
  readonly detail?: string
  /** Given in place of the first group. */
  readonly detailValue?: string
}

/** What is said by Proxmox, and by our helper, in the order in which it is looked for. Sources: pve-container, pve-guest-common, pve-cluster. */
const KNOWN_TEXTS: readonly KnownText[] = [
  // Of systemd/pct-helper, which keeps bounds of its own, whoever asks.
  { pattern: /^pct-helper: container \d+ cannot give up/m, code: 'MEMORY_BELOW_FLOOR' },
  { pattern: /^pct-helper: container \d+: .* outside of/m, code: 'OUT_OF_BOUNDS' },
  { pattern: /^pct-helper: container \d+: its memory cannot be measured/m, code: 'HOST_UNREADABLE' },
  { pattern: /^pct-helper: detected modified configuration/m, code: 'ALLOCATION_MOVED' },
  { pattern: /^pct-helper: \//m, code: 'HOST_UNREADABLE' },
  { pattern: /^pct-helper: /m, code: 'STATE_NOT_ALLOWED' },
  { pattern: /Configuration file 'nodes\/[^/']+\/lxc\/\d+\.conf' does not exist/, code: 'CONTAINER_NOT_FOUND' },
  { pattern: /CT is locked \(([\w-]+)\)/, code: 'CONTAINER_LOCKED', detail: 'lock' },
  {
    pattern: /can't lock file '[^']*' - got timeout/,
    code: 'CONTAINER_LOCKED',
    detail: 'lock',
    detailValue: 'file',
  },
  {
    pattern: /Failed to obtain guest migration lock/,
    code: 'CONTAINER_LOCKED',
    detail: 'lock',
    detailValue: 'migrate',
  },
  { pattern: /\bno quorum[?!]/, code: 'NO_QUORUM' },
  {
    // Said when the configuration is written: cgroup, volume or disk have been changed by then.
    pattern: /unable to open file '[^']*' - (?:Permission denied|Device or resource busy)/,
    code: 'NO_QUORUM',
    leaves: 'half-done',
  },
  { pattern: /ipcc_send_rec\[\d+\] failed/, code: 'HOST_UNREADABLE' },
  { pattern: /unable to hotplug memory: .*Device or resource busy/, code: 'MEMORY_BELOW_FLOOR' },
  { pattern: /unable to hotplug \w+:/, code: 'PCT_FAILED' },
  { pattern: /detected modified configuration/, code: 'ALLOCATION_MOVED' },
  { pattern: /snapshot '([^']*)' does not exist/, code: 'SNAPSHOT_NOT_FOUND', detail: 'snapshot_name' },
  { pattern: /snapshot name '[^']*' already used|CT \d+ already exists|VM \d+ already exists/, code: 'ALREADY_EXISTS' },
  { pattern: /unable to use snapshot name/, code: 'INVALID_REQUEST' },
  {
    pattern:
      /(?:CT|VM) \d+ not running|container '\d+' not running|already running|container is running|it's a template|protection mode enabled|used in HA resources|snapshot feature is not available|not most recent snapshot|incomplete snapshot|unable to shrink disk|already at specified size|can't resize this image format|storage '[^']*' does not exist|full clones? (?:on|of) a running container|Linked clone feature|unable to clone mountpoint|not allowed for linked clones|can't clone CT/i,
    code: 'STATE_NOT_ALLOWED',
  },
  // Said to a token of the REST interface; root may do everything.
  { pattern: /Permission check failed(?: \(([^)]+)\))?/, code: 'REST_NOT_ALLOWED', detail: 'missing_privilege' },
  { pattern: /proxy handler failed|ssh: connect to host|No route to host/, code: 'NODE_OFFLINE' },
  {
    pattern: /hostname lookup '[^']*' failed|no such (?:cluster )?node|unable to get remote IP address for node/i,
    code: 'NODE_NOT_FOUND',
  },
  {
    pattern:
      /400 (?:Parameter verification failed|unable to parse (?:boolean )?option|not enough arguments|too many arguments)/,
    code: 'INVALID_REQUEST',
  },
]

/** Lines that say nothing of the failure: Perl about the locale of the host, Proxmox about a setting that it does not know, the waiting for a lock. */
const NOISE =
  /^(?:perl: warning:|\s+(?:LANGUAGE|LC_\w+|LANG) = |\s+are supported and installed|vm \d+ - |trying to acquire (?:lock|cfs lock)|\s*OK$|\s*$)/

/** What stands between the first line of a parameter failure and the usage. */
const PARAMETER_LINE = /^(\w+: .+)$/

/** Lines of `stderr` that tell something. */
function tellingLines(stderr: string): string[] {
  return stderr.split('\n').filter(line => !NOISE.test(line))
}

/** The error that the API gives for a command that failed. */
export function commandFailure({ commandLine, exitCode, ended, stdout, stderr }: CommandFailure): AutoscaleError {
  const lines = tellingLines(stderr)
  const text = lines.join('\n')
  const known =
    KNOWN_TEXTS.find(({ pattern }) => pattern.test(text)) ?? KNOWN_TEXTS.find(({ pattern }) => pattern.test(stdout))
  const said = saying(lines) ?? tellingLines(stdout).at(-1) ?? 'it said nothing'
  const exit = ended ?? (exitCode === undefined ? 'was ended by a signal' : `exit code ${exitCode}`)
  return new AutoscaleError(known?.code ?? 'PCT_FAILED', `${commandLine}: ${said}`, {
    leaves: known?.leaves,
    details: { command: commandLine, exit, ...detailOf(known, `${text}\n${stdout}`) },
  })
}

function saying(lines: readonly string[]): string | undefined {
  const isParameterFailure = lines[0]?.startsWith('400 ') === true
  const parameters = lines.filter(line => PARAMETER_LINE.test(line))
  return isParameterFailure && parameters.length > 0 ? parameters.join('; ') : lines.at(-1)
}

function detailOf(known: KnownText | undefined, text: string): Record<string, string> {
  if (known?.detail === undefined) return {}
  const value = known.detailValue ?? known.pattern.exec(text)?.[1]
  return value === undefined ? {} : { [known.detail]: value }
}

/** What `stderr` of a command with exit code 0 tells of a failure; undefined when nothing. `pct resize` hides its failures so. */
export function hiddenFailure(stderr: string): string | undefined {
  return tellingLines(stderr)
    .filter(line => !/^(?:WARN|Task finished with)/i.test(line))
    .at(-1)
}
