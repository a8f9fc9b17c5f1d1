#!/usr/bin/env bash
# A throw-away host with a systemd of its own, in a namespace of this machine: boots in about a second.
#   box.sh start STATE ROOT [NSPAWN-OPTION...]   boots from ROOT, which stays as it is; notes in the folder STATE
#   box.sh run   STATE COMMAND...                runs COMMAND in it as a unit of its systemd
#   box.sh stop  STATE
# It sees the controllers of cgroup v1 of this machine and can limit nested LXC containers with them. The units inside have no
# limits of memory, CPU and tasks: systemd has no controllers there; that is what the virtual machine is for.
set -euo pipefail
command=$1 state=$2
shift 2
controllers=(cpu cpuacct cpuset memory blkio pids devices freezer)
cgroup=/sys/fs/cgroup

# The name of its cgroups, in every hierarchy.
name=lxc-autoscale-e2e-$(basename "$state")

# Takes this process into a new cgroup of every hierarchy, so that what nspawn starts is below it.
join_cgroups() {
  local hierarchy
  for hierarchy in unified systemd "${controllers[@]}"; do
    mkdir -p "$cgroup/$hierarchy/$name"
    if [ "$hierarchy" = cpuset ]; then
      cat $cgroup/cpuset/cpuset.cpus >"$cgroup/cpuset/$name/cpuset.cpus"
      cat $cgroup/cpuset/cpuset.mems >"$cgroup/cpuset/$name/cpuset.mems"
    fi
    # The containers must be able to be busy, however busy the machine is with other things.
    [ "$hierarchy" != cpu ] || echo 100000 >"$cgroup/cpu/$name/cpu.shares"
    echo "$BASHPID" >"$cgroup/$hierarchy/$name/cgroup.procs"
  done
}

# The clock is the machine's own: nothing inside may set it. The filter lets systemd attach BPF programs (IPAddressDeny, DevicePolicy).
boot() {
  local root=$1
  shift
  join_cgroups
  exec systemd-nspawn --machine="$name" --directory="$root" --boot --volatile=overlay \
    --register=no --keep-unit --notify-ready=yes --console=pipe --private-users=no --private-network \
    --link-journal=no --resolv-conf=off --timezone=off --bind=/dev/fuse --tmpfs=/var/lib/lxc \
    --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO --system-call-filter='bpf perf_event_open' "$@"
}

in_box() { nsenter --target "$(cat "$state/leader")" --all -- "$@"; }

# wait_until SECONDS COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || return 1
    kill -0 "$(cat "$state/pid")" 2>/dev/null || { echo 'the box died:' >&2; cat "$state/console.log" >&2; exit 1; }
    sleep 0.05
  done
}

# The first process of the box is the child of nspawn; before that is there, helpers of the start-up come and go.
has_booted() {
  pgrep --parent "$(cat "$state/pid")" | head -n1 >"$state/leader"
  [ -s "$state/leader" ] && [[ $(in_box systemctl is-system-running 2>/dev/null || true) =~ ^(running|degraded)$ ]]
}

case $command in
start)
  mkdir -p "$state"
  setsid unshare --mount --propagation private "$0" boot "$state" "$@" >"$state/console.log" 2>&1 </dev/null &
  echo $! >"$state/pid"
  wait_until 60 has_booted
  # nspawn mounts the controllers read-only; this changes the mounts of the box only.
  in_box sh -c "for name in ${controllers[*]}; do mount -o remount,bind,rw $cgroup/\$name; done"
  in_box systemd-run --quiet --unit=e2e-lxcfs lxcfs -f -l /var/lib/lxcfs
  wait_until 10 test -e "/proc/$(cat "$state/leader")/root/var/lib/lxcfs/proc/stat"
  ;;
boot) boot "$@" ;;
run) in_box systemd-run --quiet --wait --pipe --collect --property=Delegate=yes --property=KillMode=process -- "$@" ;;
stop)
  [ -e "$state/pid" ] || exit 0
  # The end of its first process is the end of everything in it, nested containers too.
  kill -KILL "$(cat "$state/leader")" 2>/dev/null || kill "$(cat "$state/pid")" 2>/dev/null || true
  for _ in {1..200}; do kill -0 "$(cat "$state/pid")" 2>/dev/null || break; sleep 0.05; done
  for hierarchy in unified systemd "${controllers[@]}"; do
    [ ! -d "$cgroup/$hierarchy/$name" ] || find "$cgroup/$hierarchy/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf "$state"
  ;;
*)
  echo "box.sh: no command '$command'" >&2
  exit 2
  ;;
esac
