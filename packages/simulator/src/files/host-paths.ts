/** Where everything of a pretend host stands below its root directory. */
export interface HostPaths {
  readonly root: string
  /** What a real host has under /proc, /sys/fs/cgroup, /etc/pve. */
  readonly proc: string
  readonly cgroup: string
  readonly pve: string
  /** Where a real host has the RRD files of its guests: /var/lib/rrdcached/db. */
  readonly rrd: string
  /** Holds `pct`, `pvesh` and `pvecm`; goes in front of PATH. */
  readonly bin: string
  /** What a real host keeps in the kernel or on its disks: settings, runs, workloads, volumes. */
  readonly state: string
  readonly settings: string
  readonly host: string
  readonly clock: string
  readonly runs: string
  readonly starts: string
  readonly workloads: string
  readonly volumes: string
  readonly highAvailability: string
  readonly syslog: string
  readonly journal: string
  /** Logs of tasks and their list, as a real host keeps them. */
  readonly tasks: string
  /** The API token of this program's user. */
  readonly tokenFile: string
}

/** The places below `root`. */
export function hostPaths(root: string): HostPaths {
  const state = `${root}/var/lib/pretend-host`
  return {
    root,
    proc: `${root}/proc`,
    cgroup: `${root}/sys/fs/cgroup`,
    pve: `${root}/etc/pve`,
    rrd: `${root}/var/lib/rrdcached/db`,
    bin: `${root}/bin`,
    state,
    settings: `${state}/settings.json`,
    host: `${state}/host.json`,
    clock: `${state}/clock.json`,
    runs: `${state}/runs`,
    starts: `${state}/starts`,
    workloads: `${state}/workloads`,
    volumes: `${state}/volumes`,
    highAvailability: `${state}/ha`,
    syslog: `${root}/var/log/syslog`,
    journal: `${state}/journal.jsonl`,
    tasks: `${root}/var/log/pve/tasks`,
    tokenFile: `${state}/api.token`,
  }
}

/** The cgroup that carries a container's limits. */
export function containerCgroup(paths: HostPaths, vmid: number): string {
  return `${paths.cgroup}/lxc/${vmid}`
}

/** A container's configuration file. */
export function confFile(paths: HostPaths, node: string, vmid: number): string {
  return `${paths.pve}/nodes/${node}/lxc/${vmid}.conf`
}
