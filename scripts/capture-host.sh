#!/usr/bin/env bash
# Copies the files of /proc and /sys/fs/cgroup that lxc_monitor reads into a folder, for test/fixtures/host/<name>/.
# usage: scripts/capture-host.sh FOLDER [VMID...]     (default: all containers; run it on the host, as root)
# Names are removed: of a process only its numbers are kept, of the host nothing but figures.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
target=$1
shift
cgroup=${CGROUP:-/sys/fs/cgroup}
proc=${PROC:-/proc}

# copy FILE [FILTER]: one file under its own path; a file that cannot be read is left out
copy() {
  local file=$1 filter=${2:-cat} content
  content=$("$filter" <"$file" 2>/dev/null; printf x) || return 0
  mkdir -p "$target${file%/*}"
  printf %s "${content%x}" >"$target$file"
}
pid_numbers() { grep -E '^(Tgid|Pid|NStgid|NSpid|Threads):'; }
cpu_lines() { grep '^cpu'; }
root_mount() { awk '$5 == "/"'; }

trees=("$cgroup")
if [ -e "$cgroup/cgroup.controllers" ]; then
  copy "$cgroup/cgroup.controllers"
else
  trees=()
  for name in cpu cpuacct cpuset memory blkio pids 'cpu,cpuacct'; do
    [ -e "$cgroup/$name/cgroup.procs" ] && trees+=("$cgroup/$name") && mkdir -p "$target$cgroup/$name" &&
      : >"$target$cgroup/$name/cgroup.procs"
  done
fi

names='cpu.stat cpu.max cpuset.cpus.effective cgroup.stat cgroup.controllers memory.current memory.stat memory.max memory.events
  memory.swap.current memory.swap.max io.stat cpu.pressure memory.pressure io.pressure
  cpuacct.usage cpu.cfs_quota_us cpu.cfs_period_us cpuset.effective_cpus memory.usage_in_bytes memory.limit_in_bytes
  memory.memsw.usage_in_bytes memory.memsw.limit_in_bytes memory.failcnt blkio.throttle.io_serviced_recursive'
[ $# -gt 0 ] || set -- $(ls "${trees[0]}/lxc" | grep -E '^[1-9][0-9]{2,8}$')
for vmid; do
  for tree in "${trees[@]}"; do
    outer=$tree/lxc/$vmid
    [ -d "$outer" ] || continue
    for name in $names; do [ -e "$outer/$name" ] && copy "$outer/$name"; done
    while read -r folder; do
      for name in cgroup.procs memory.oom_control; do [ -e "$folder/$name" ] && copy "$folder/$name"; done
    done < <(find "$outer" -type d)
  done
  for pid in $(find "${trees[@]/%//lxc/$vmid}" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un); do
    [ -e "$proc/$pid/status" ] && copy "$proc/$pid/status" pid_numbers
    grep -qE '^NSpid:[[:space:]]+[0-9]+[[:space:]]+1$' "$proc/$pid/status" 2>/dev/null || continue
    copy "$proc/$pid/net/dev"
    copy "$proc/$pid/mountinfo" root_mount
  done
done
for name in meminfo loadavg diskstats; do copy "$proc/$name"; done
copy "$proc/stat" cpu_lines
echo "captured $# containers in $target; write an ABOUT.md with the kernel and the Proxmox version"
