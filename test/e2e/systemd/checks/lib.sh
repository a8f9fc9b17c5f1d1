# What the checks share; to be sourced. They run as root inside the throw-away host.

UNITS=(lxc_monitor lxc_autoscale_ml lxc_autoscale_api)
ETC=/etc/lxc_autoscale_ml
METRICS=/var/log/lxc_metrics.json
CGROUP=/sys/fs/cgroup
IS_V2=1
[ ! -e $CGROUP/memory/cgroup.procs ] || IS_V2=
scratch=$(mktemp -d)
checked_at=${EPOCHREALTIME/./}

# check SENTENCE COMMAND...: one line with what was seen; on failure with the last lines of output too.
check() {
  local sentence=$1 result='ok' now
  shift
  "$@" >"$scratch/output" 2>&1 || result='not ok'
  now=${EPOCHREALTIME/./}
  echo "$result - $sentence ($(((now - checked_at) / 1000)) ms)"
  [ "$result" = ok ] || tail -n 15 "$scratch/output" | sed 's/^/#   /'
  checked_at=${EPOCHREALTIME/./}
}

# within SECONDS COMMAND...: true as soon as the command is.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || { echo "not within the time: $*"; return 1; }
    sleep 0.2
  done
}

not() { ! "$@"; }
equals() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'"; return 1; }; }
# at_most NUMBER LIMIT: decimals too.
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a <= b) }' || { echo "$1 is more than $2"; return 1; }; }
is_active() { local unit; for unit; do systemctl is-active --quiet "$unit" || { systemctl --no-pager status "$unit"; return 1; }; done; }
is_inactive() { local unit; for unit; do ! systemctl is-active --quiet "$unit" || { echo "$unit is active"; return 1; }; done; }
property() { systemctl show --property="$2" --value "$1"; }
pid_of() { property "$1" MainPID; }
journal() { journalctl --no-pager --output=cat --unit="$1" "${@:2}"; }
apt() { apt-get -o Dpkg::Use-Pty=0 -qq -y --no-install-recommends "$@"; }
mode_of() { stat --format='%a %U:%G' "$1"; }

# api METHOD PATH [JSON]: the body of the answer. bash talks TCP by itself: a curl or node costs seconds in an emulated machine.
api() {
  local method=$1 path=$2 body=${3-} line
  exec 7<>/dev/tcp/127.0.0.1/5000 || return 1
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
    "$method" "$path" "$(<$ETC/api.key)" ${#body} "$body" >&7
  while read -r line <&7 && [ "$line" != $'\r' ]; do :; done
  cat <&7
  exec 7>&-
} 2>/dev/null

answers() { [[ $(api GET /health/check) == *'"status"'* ]]; }

# last_metric VMID FIELD: from the newest line of the metrics file; empty if it is not there.
last_metric() { grep -v '^\]' $METRICS | tail -n1 | sed -n "s/.*\"$1\":{//p" | grep -o "\"$2\":[^,}]*" | head -n1 | cut -d: -f2; }

# The programs of the package that run.
our_processes() {
  local exe
  for exe in /proc/[0-9]*/exe; do [[ $(readlink "$exe") != /usr/lib/lxc-autoscale-ml/* ]] || echo "$exe"; done
}

cores_of() {
  local set count=0 part parts
  if [ -n "$IS_V2" ]; then set=$(<$CGROUP/lxc/$1/cpuset.cpus); else set=$(<$CGROUP/cpuset/lxc/$1/cpuset.cpus); fi
  IFS=, read -ra parts <<<"$set"
  for part in "${parts[@]}"; do count=$((count + ${part#*-} - ${part%-*} + 1)); done
  echo $count
}
memory_mb_of() {
  if [ -n "$IS_V2" ]; then echo $(($(<$CGROUP/lxc/$1/memory.max) / 1048576))
  else echo $(($(<$CGROUP/memory/lxc/$1/memory.limit_in_bytes) / 1048576)); fi
}
