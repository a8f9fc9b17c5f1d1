# Each daemon is killed; the others must not notice.

for unit in "${UNITS[@]}"; do
  others=("${UNITS[@]/$unit/}")
  pid_before=$(pid_of $unit)
  pids_before=$(for other in ${others[*]}; do pid_of $other; done)
  entries_before=$(grep -c summary $METRICS)
  kill -KILL "$pid_before"
  # Asked once: between two questions systemd may learn of the end.
  is_back() { local pid; is_active $unit >/dev/null && pid=$(pid_of $unit) && [ "$pid" != 0 ] && [ "$pid" != "$pid_before" ]; }
  check "$unit comes back after kill -9" within 15 is_back
  check "the others did not notice the end of $unit" equals "$(for other in ${others[*]}; do pid_of $other; done)" "$pids_before"
  check "the metrics are kept and valid after the end of $unit" bash -c "
    [ \$(grep -c summary $METRICS) -ge $entries_before ] && /usr/lib/lxc-autoscale-ml/node -e \"JSON.parse(require('fs').readFileSync('$METRICS', 'utf8'))\""
done
check 'the audit log is kept' bash -c '[[ $1 == *\"lxc_id\":101* ]]' -- "$(api GET /history?lxc_id=101)"
