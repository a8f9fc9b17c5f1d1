# The units as systemd sees them: how exposed they are, whom they run as, how long they take.

exposure() { systemd-analyze security --no-pager "$1" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p'; }
for limit in lxc_monitor:1.5 lxc_autoscale_ml:1.5 lxc_autoscale_api:1.5 lxc_autoscale_pct@check:7.3; do
  score=$(exposure "${limit%:*}.service")
  check "exposure of ${limit%:*} is at most ${limit#*:} (is $score)" at_most "$score" "${limit#*:}"
done

user_of() { stat --format=%U "/proc/$(pid_of "$1")"; }
capabilities_of() { sed -n 's/^CapEff:\t*//p' "/proc/$(pid_of "$1")/status"; }
check 'each daemon has a user of its own' equals "$(user_of lxc_monitor) $(user_of lxc_autoscale_ml) $(user_of lxc_autoscale_api)" \
  'lxc-autoscale-monitor lxc-autoscale lxc-autoscale-api'
check 'model and API have no capability' equals "$(capabilities_of lxc_autoscale_ml) $(capabilities_of lxc_autoscale_api)" '0000000000000000 0000000000000000'
check 'the monitor has CAP_SYS_PTRACE and no other' equals "$(capabilities_of lxc_monitor)" 0000000000080000
check 'the process bears the name of its daemon' equals "$(<"/proc/$(pid_of lxc_monitor)/comm")" lxc_monitor
for unit in "${UNITS[@]}"; do check "$unit is not the first that the kernel kills" at_most "$(property $unit OOMScoreAdjust)" -1; done

for unit in "${UNITS[@]}"; do
  check "$unit tells systemd what it does" bash -c "[ -n \"$(property $unit StatusText)\" ]"
  check "$unit is watched" bash -c "[ \"$(property $unit WatchdogUSec)\" != infinity ] && [ \"$(property $unit WatchdogTimestampMonotonic)\" != 0 ]"
done

systemctl stop "${UNITS[@]}"
start_at=${EPOCHREALTIME/./}
systemctl start "${UNITS[@]}"
start_ms=$(((${EPOCHREALTIME/./} - start_at) / 1000))
check "all three are ready within 3 s (took $start_ms ms)" at_most $start_ms 3000
check 'the port answers' answers

for unit in "${UNITS[@]}"; do
  stop_at=${EPOCHREALTIME/./}
  systemctl stop $unit
  stop_ms=$(((${EPOCHREALTIME/./} - stop_at) / 1000))
  others=("${UNITS[@]/$unit/}")
  check "$unit stops alone, within 5 s (took $stop_ms ms)" at_most $stop_ms 5000
  check "the others go on without $unit" is_active ${others[*]}
  check "$unit was not ended by force" equals "$(property $unit Result)" success
  systemctl start $unit
done
