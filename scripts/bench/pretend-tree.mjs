// A cgroup v2 host as files: `proc/`, `sys/fs/cgroup/lxc/<vmid>/...` and `etc/pve/`, with the texts of a real kernel.
import { mkdirSync, writeFileSync } from 'node:fs'

const FIRST_VMID = 100
const FIRST_PID = 10_000
const PIDS_PER_CONTAINER = 40

const MEMORY_STAT = `anon 63287296
file 389120
kernel 905216
kernel_stack 98304
pagetables 393216
sec_pagetables 0
percpu 6528
sock 0
vmalloc 0
shmem 4096
file_mapped 20480
file_dirty 0
file_writeback 0
swapcached 0
anon_thp 62914560
file_thp 0
shmem_thp 0
inactive_anon 0
active_anon 63291392
inactive_file 200704
active_file 184320
unevictable 0
slab_reclaimable 103536
slab_unreclaimable 144984
slab 248520
workingset_refault_anon 0
workingset_refault_file 0
workingset_activate_anon 0
workingset_activate_file 0
workingset_restore_anon 0
workingset_restore_file 0
workingset_nodereclaim 0
pgscan 0
pgsteal 0
pgfault 2944
pgmajfault 2
pgrefill 0
pgactivate 0
pgdeactivate 0
pglazyfree 0
pglazyfreed 0
thp_fault_alloc 30
thp_collapse_alloc 0
`
const PRESSURE = `some avg10=1.12 avg60=0.49 avg300=0.51 total=14635786
full avg10=0.02 avg60=0.71 avg300=0.83 total=12092219
`
const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1234567    1234    0    0    0     0          0         0  1234567    1234    0    0    0     0       0          0
  eth0: 98765432   54321    0    0    0     0          0         0 12345678   12345    0    0    0     0       0          0
`

/** The files of a container's cgroup that are kept open and read in each cycle. */
export const OUTER_FILES = [
  [
    'cpu.stat',
    'usage_usec 25999744\nuser_usec 24651463\nsystem_usec 1348280\nnice_usec 0\nnr_periods 283\nnr_throttled 179\nthrottled_usec 11758058\nnr_bursts 0\nburst_usec 0\n',
  ],
  ['cpu.max', '200000 100000\n'],
  ['cpuset.cpus.effective', '0-1\n'],
  ['memory.current', '64581632\n'],
  ['memory.stat', MEMORY_STAT],
  ['memory.max', '536870912\n'],
  ['memory.swap.current', '1048576\n'],
  ['memory.swap.max', '268435456\n'],
  ['memory.events', 'low 0\nhigh 3\nmax 1\noom 0\noom_kill 0\noom_group_kill 0\n'],
  ['io.stat', '259:1 rbytes=360448 wbytes=495190016 rios=41 wios=1141 dbytes=0 dios=0\n'],
  ['cpu.pressure', PRESSURE],
  ['memory.pressure', PRESSURE],
  ['io.pressure', PRESSURE],
  ['cgroup.stat', 'nr_descendants 4\nnr_dying_descendants 0\n'],
]
/** The cgroups of a guest with systemd. */
const GROUPS = ['', '/ns', '/ns/init.scope', '/ns/system.slice', '/ns/system.slice/app.service']
/** Those of them that can hold processes: the others hand controllers on, and the kernel allows none there. */
export const PROCESS_GROUPS = ['/ns/init.scope', '/ns/system.slice/app.service']
const PROCESSES = [0, 0, 1, 0, 11]

/** Makes the tree for `containers` containers below `root`. */
export function makePretendTree(root, containers) {
  const host = { proc: `${root}/proc`, cgroup: `${root}/sys/fs/cgroup`, pve: `${root}/etc/pve` }
  mkdirSync(`${host.cgroup}/lxc`, { recursive: true })
  mkdirSync(`${host.pve}/lxc`, { recursive: true })
  mkdirSync(`${host.proc}/net`, { recursive: true })
  writeFileSync(`${host.cgroup}/cgroup.controllers`, 'cpuset cpu io memory pids\n')
  writeFileSync(
    `${host.proc}/meminfo`,
    'MemTotal: 131072000 kB\nMemFree: 1000 kB\nMemAvailable: 65536000 kB\nSwapTotal: 8388608 kB\n',
  )
  writeFileSync(`${host.proc}/loadavg`, '1.50 1.20 1.00 2/900 12345\n')
  writeFileSync(`${host.proc}/stat`, 'cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 1\n')
  writeFileSync(`${host.proc}/diskstats`, ' 259 1 nvme0n1 1 2 3 4\n')
  for (let index = 0; index < containers; index++) makeContainer(host, index)
  return host
}

export function vmidOf(index) {
  return FIRST_VMID + index
}

export function initPidOf(index) {
  return FIRST_PID + index * PIDS_PER_CONTAINER
}

function makeContainer({ proc, cgroup, pve }, index) {
  const vmid = vmidOf(index)
  const outer = `${cgroup}/lxc/${vmid}`
  let pid = initPidOf(index)
  mkdirSync(`${proc}/${pid}/net`, { recursive: true })
  mkdirSync(`${proc}/${pid}/root`)
  writeFileSync(`${proc}/${pid}/status`, `Name:\tsystemd\nNSpid:\t${pid}\t1\n`)
  writeFileSync(`${proc}/${pid}/net/dev`, NET_DEV)
  writeFileSync(
    `${pve}/lxc/${vmid}.conf`,
    `arch: amd64\ncores: 2\nhostname: ct${vmid}\nmemory: 512\nnet0: name=eth0,bridge=vmbr0,type=veth\nswap: 256\n`,
  )
  GROUPS.forEach((group, at) => {
    mkdirSync(outer + group)
    const controllers = PROCESS_GROUPS.includes(group) ? '' : 'cpuset cpu io memory pids\n'
    writeFileSync(`${outer}${group}/cgroup.subtree_control`, controllers)
    const pids = Array.from({ length: PROCESSES[at] }, () => pid++)
    writeFileSync(`${outer}${group}/cgroup.procs`, pids.map(number => `${number}\n`).join(''))
  })
  for (const [name, text] of OUTER_FILES) writeFileSync(`${outer}/${name}`, text)
  // Read only when memory.events has changed.
  writeFileSync(`${outer}/memory.events.local`, 'low 0\nhigh 3\nmax 1\noom 0\noom_kill 0\noom_group_kill 0\n')
}
