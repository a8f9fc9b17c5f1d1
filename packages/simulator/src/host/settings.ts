import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere } from '../files/json-file.ts'
import type { CommandName } from './bin-commands.ts'

/** Kinds of storage that differ in what containers on them can do. Source: pve-storage, plugin features. */
export type StorageType = 'lvmthin' | 'zfspool' | 'rbd' | 'btrfs' | 'dir' | 'nfs' | 'lvm'

/** Something that goes wrong each time a command fits. */
export interface Fault {
  /** `rest`: a request over the REST interface. */
  readonly command: CommandName | 'rest'
  /** Only this subcommand, e.g. `set`. */
  readonly subcommand?: string
  /** Only for this container. */
  readonly vmid?: number
  /**
   * `hang` never begins and never ends, `fail` prints and ends at once, `skip` ends well and has done nothing; `fail-late`,
   * `hang-late` and `answer-late` do the work before they fail, hang or wait for `delayMs`; `slow` waits before it begins.
   */
  readonly kind: 'hang' | 'fail' | 'skip' | 'slow' | 'fail-late' | 'hang-late' | 'answer-late' | RestFaultKind
  readonly delayMs?: number
  /** Not for a command that runs within this process. */
  readonly exceptPid?: number
  readonly exitCode?: number
  readonly stdout?: string
  /** What a command prints, or the text of an answer. */
  readonly stderr?: string
  /** Only requests of this method, and those whose path (without `/api2/json`) ends so. */
  readonly method?: string
  readonly path?: string
  /** Of an answer that fails; 595, 596 and 599 are those of a proxy that does not get through. Default 500. */
  readonly status?: number
}

/** The connection breaks before or after the deed; a task that does nothing and ends with the text as its error. */
export type RestFaultKind = 'reset' | 'reset-late' | 'fail-task'

/** Path -> privileges there, and below unless a longer path has others. */
export type Acl = Readonly<Record<string, readonly string[]>>

/** An API token, by what a request proves with it and what it may. */
export interface Token {
  readonly secret: string
  readonly acl: Acl
}

/** How long the work of a task lasts, beyond `pctDelayMs`; locks are held meanwhile. */
export interface TaskDurations {
  readonly snapshotMs: number
  readonly rollbackMs: number
  /** First mount of an ext4 that was in use when the snapshot was taken (multiple mount protection). */
  readonly slowMountMs: number
  readonly cloneMs: number
  readonly startMs: number
  readonly shutdownMs: number
  readonly resizeMs: number
  readonly destroyMs: number
  /** Copying of a container's volumes to another node. */
  readonly migrateMs: number
}

/** How the pretend host behaves. All processes read it anew from one file at each call. */
export interface HostSettings {
  /** Start-up cost of `pct`, `pvesh` and `pvecm`, and the share by which it varies. */
  readonly pctDelayMs: number
  readonly pctDelayJitter: number
  /**
   * What a request costs beside its work, and the share by which it varies. An estimate, not measured: no Perl is started, but a
   * call passes through two daemons, and a write is told to the cluster.
   */
  readonly restDelayMs: number
  readonly restDelayJitter: number
  /** Before an answer that says that nobody knows who asks. Source: pve-http-server, AnyEvent.pm. */
  readonly restDenialMs: number
  /** How long the daemon in front waits for the one behind; what was begun goes on. Source: as above, proxy_request. */
  readonly restProxyTimeoutMs: number
  /** How long the list of tasks says of one that is over that it runs: until pvestatd looks. Source: pve-manager, pvestatd.pm. */
  readonly restTaskPassMs: number
  /** Before the certificate is shown. */
  readonly restTlsDelayMs: number
  /** The certificate is of an authority that nobody knows. */
  readonly restCertificateIsForeign: boolean
  /** Answers have no `message`, as before pve-http-server 5.2.0. */
  readonly restOmitsMessage: boolean
  /** `USER@REALM!NAME` -> token. */
  readonly restTokens: Readonly<Record<string, Token>>
  /** How long a command waits for the file lock of a container, and of one that is being created. */
  readonly lockTimeoutMs: number
  readonly createLockTimeoutMs: number
  readonly taskMs: TaskDurations
  /** Nodes of the cluster; one means that there is no cluster. */
  readonly nodes: readonly string[]
  readonly quorate: boolean
  /** `busy`: not synchronised, `down`: not running. */
  readonly pmxcfs: 'ok' | 'busy' | 'down'
  /** Nodes of the cluster that have no power, this one perhaps among them; without quorum this one is alone whatever this says. */
  readonly offlineNodes: readonly string[]
  /** Bridges of the host; a container that names another one is not started. */
  readonly bridges: readonly string[]
  readonly storages: Readonly<Record<string, StorageType>>
  /** Volume ids whose data is gone. */
  readonly missingVolumes: readonly string[]
  /** Containers that the HA manager looks after: when it is set, `ha/resources.cfg` is rewritten. */
  readonly haManaged: readonly number[]
  /** How long the HA manager takes to act. */
  readonly haDelayMs: number
  /** How long a node is gone before its containers are started elsewhere. Source: pve-ha-manager: 60 s until it counts as gone, and as long until its lock is free. */
  readonly fencingDelayMs: number
  /** By how much this node's clock is ahead, as it tells the cluster. */
  readonly clockOffsetMs: number
  /** How pvestatd and the RRD files name and count the figures of guests: before PVE 9, and since. */
  readonly rrdFormat: 'pve2.3-vm' | 'pve-vm-9.0'
  /** Whether RRD files are kept of what is broadcast of guests: 1.3 MB for each, which few tests look at. */
  readonly keepsRrd: boolean
  /** Time between two passes of pvestatd over the cpusets, after which it broadcasts what it has seen. */
  readonly cpusetPassMs: number
  /** Containers whose guest does not react to a shutdown. */
  readonly ignoresShutdown: readonly number[]
  /** Option of `pct set` -> reason why it cannot be changed on a running container. */
  readonly hotplugErrors: Readonly<Record<string, string>>
  readonly filesystemGrowFails: boolean
  /** What a task that starts or clones a guest warns of, e.g. a distribution that it does not know; '' for nothing. */
  readonly guestWarning: string
  /** Replace every non-zero exit code by one of those seen in the field. */
  readonly randomExitCodes: boolean
  /** Perl's complaint about a bad LANG on stderr, as many hosts have it. */
  readonly localeWarning: boolean
  /** Commands that are not installed. */
  readonly missingCommands: readonly CommandName[]
  readonly faults: readonly Fault[]
  /** Memory of the host that is used by others than its containers. */
  readonly otherMemoryMb: number
  /** Container -> memory that its processes want beyond their usual load. */
  readonly addedMemoryMb: Readonly<Record<string, number>>
  /** Whether all that commands do to the host is written into its journal, see `host/journal.ts`. */
  readonly keepsJournal: boolean
}

export const DEFAULT_SETTINGS: HostSettings = {
  pctDelayMs: 1_200,
  pctDelayJitter: 0.2,
  restDelayMs: 60,
  restDelayJitter: 0.33,
  restDenialMs: 3_000,
  restProxyTimeoutMs: 30_000,
  restTaskPassMs: 10_000,
  restTlsDelayMs: 0,
  restCertificateIsForeign: false,
  restOmitsMessage: false,
  restTokens: {},
  lockTimeoutMs: 10_000,
  createLockTimeoutMs: 5_000,
  taskMs: {
    snapshotMs: 300,
    rollbackMs: 300,
    slowMountMs: 60_000,
    cloneMs: 1_500,
    startMs: 500,
    shutdownMs: 1_500,
    resizeMs: 300,
    destroyMs: 300,
    migrateMs: 2_000,
  },
  nodes: ['pve'],
  quorate: true,
  pmxcfs: 'ok',
  offlineNodes: [],
  bridges: ['vmbr0'],
  storages: { 'local-lvm': 'lvmthin', local: 'dir' },
  missingVolumes: [],
  haManaged: [],
  haDelayMs: 2_000,
  fencingDelayMs: 120_000,
  clockOffsetMs: 0,
  rrdFormat: 'pve-vm-9.0',
  keepsRrd: false,
  cpusetPassMs: 10_000,
  ignoresShutdown: [],
  hotplugErrors: {},
  filesystemGrowFails: false,
  guestWarning: '',
  randomExitCodes: false,
  localeWarning: false,
  missingCommands: [],
  faults: [],
  otherMemoryMb: 0,
  addedMemoryMb: {},
  keepsJournal: false,
}

/** Settings under which nothing waits; for tests that do not measure time. */
export const INSTANT: Partial<HostSettings> = {
  pctDelayMs: 0,
  pctDelayJitter: 0,
  restDelayMs: 0,
  restDelayJitter: 0,
  restDenialMs: 0,
  restTaskPassMs: 0,
  haDelayMs: 0,
  taskMs: {
    snapshotMs: 0,
    rollbackMs: 0,
    slowMountMs: 0,
    cloneMs: 0,
    startMs: 0,
    shutdownMs: 0,
    resizeMs: 0,
    destroyMs: 0,
    migrateMs: 0,
  },
}

/** The settings in force now. */
export function readSettings(paths: HostPaths): HostSettings {
  const text = readIfThere(paths.settings)
  return text === undefined ? DEFAULT_SETTINGS : { ...DEFAULT_SETTINGS, ...JSON.parse(text) }
}
