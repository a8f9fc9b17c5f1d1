# Load in a real container: the installed daemons give it more, and take it back when it rests. The old rule of thresholds decides,
# since what it does in a minute can be foretold; all pauses are as short as the configuration allows.

cp -a $ETC/lxc_autoscale_ml.yaml "$scratch/model.yaml"
cp -a $ETC/lxc_monitor.yaml "$scratch/monitor-before.yaml"
cat >$ETC/lxc_autoscale_ml.yaml <<'YAML'
interval_seconds: 2
scaling:
  policy: threshold
  max_cpu_cores: 2
  cpu_scale_up_threshold: 60
  min_ram_mb: 256
  max_ram_mb: 768
  ram_scale_step_mb: 128
  learning_hours: 0
  grow_cooldown_seconds: 0
  shrink_cooldown_seconds: 4
  max_changes_per_hour: 60
  memory_shrink_step_percent: 90
  truce_hours: 0
  start_grace_seconds: 0
  quarantine_hours: 0
  host_memory_reserve_mb: 0
  host_cpu_reserve_percent: 0
YAML
printf 'monitoring:\n  check_interval: 1\n' >$ETC/lxc_monitor.yaml
systemctl restart lxc_monitor lxc_autoscale_ml
patience=30
[ -z "$IS_V2" ] || patience=240

why() { journalctl --no-pager -o cat -u lxc_autoscale_ml -u lxc_autoscale_api --since=-60s | tail -n 12; return 1; }
cores_are() { equals "$(cores_of 101)" "$1"; }
cores_become() { within $patience cores_are "$1" || why; }
memory_becomes() { within $patience "memory_is_$1" "$2" || why; }
memory_is_over() { [ "$(memory_mb_of 102)" -gt "$1" ] || { echo "memory limit is $(memory_mb_of 102) MB"; return 1; }; }
memory_is_under() { [ "$(memory_mb_of 102)" -lt "$1" ] || { echo "memory limit is $(memory_mb_of 102) MB"; return 1; }; }
is_audited() { [[ $(api GET "/history?lxc_id=$1") == *"\"lxc_id\":$1"* ]]; }

check 'the working container has one core' cores_are 1
pct exec 101 -- sh -c 'for i in 1 2 3; do (while [ ! -e /tmp/stop ]; do :; done) & done; wait' </dev/null >/dev/null 2>&1 &
check 'under load it gets a second core, in its cgroup' cores_become 2
check 'Proxmox has the same in its configuration' within 20 grep -qx 'cores: 2' /etc/pve/lxc/101.conf
check 'the change is in the audit log' is_audited 101
pct exec 101 -- touch /tmp/stop </dev/null
wait
check 'at rest the core is taken back' cores_become 1

pct exec 102 -- sh -c 'dd if=/dev/zero of=/tmp/block bs=1M count=215 2>/dev/null; while [ ! -e /tmp/stop ]; do sleep 1; done; rm /tmp/block' </dev/null >/dev/null 2>&1 &
check 'a container that fills its memory gets more, in its cgroup' memory_becomes over 256
[ -z "$IS_V2" ] || check 'memory.high is set below memory.max' bash -c "[ $(<$CGROUP/lxc/102/memory.high) -lt $(<$CGROUP/lxc/102/memory.max) ]"
check 'nothing in it was killed' pct exec 102 -- test -e /tmp/block
grown_mb=$(memory_mb_of 102)
pct exec 102 -- touch /tmp/stop </dev/null
wait
check 'at rest the memory is taken back' memory_becomes under $grown_mb
check 'the container still runs' equals "$(pct status 102)" 'status: running'
check 'one line of the journal tells of each change' bash -c 'journalctl --no-pager -o cat -u lxc_autoscale_ml | grep -qE "vmid=101.*cores|cores.*vmid=101"'

# What the policy would have done with that hour is replayed by a process of its own, within the limits of the API.
replay=$(api POST /what-if '{"lxc_id":101,"hours":1}' | sed -n 's/.*"data":{"id":"\([^"]*\)".*/\1/p')
is_replayed() { [[ $(api GET "/what-if/$replay") == *'"state":"done"'* ]] || { api GET "/what-if/$replay"; return 1; }; }
check 'a replay of its history is answered' within 30 is_replayed

cp -a "$scratch/model.yaml" $ETC/lxc_autoscale_ml.yaml
cp -a "$scratch/monitor-before.yaml" $ETC/lxc_monitor.yaml
systemctl restart lxc_monitor lxc_autoscale_ml
