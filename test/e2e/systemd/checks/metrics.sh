# Real containers, measured by the installed monitor.

is_known() { local value; value=$(last_metric "$1" "$2"); [ -n "$value" ] && [ "$value" != null ] || { echo "$2 is '$value'"; tail -n2 $METRICS | cut -c1-2000; return 1; }; }
check 'the container appears in the metrics file' within 15 is_known 101 memory_usage_mb
for field in cpu_usage_percent cpu_cores memory_limit_mb process_count filesystem_total_gb filesystem_free_gb; do
  check "$field is known" within 15 is_known 101 $field
done
has_pressure() { tail -n2 $METRICS | grep -q '"pressure":{"cpu_some":[0-9]'; }
[ -z "$IS_V2" ] || check 'pressure is known' within 30 has_pressure
check 'a stopped container is not measured' bash -c "! tail -n2 $METRICS | grep -q '\"109\":'"
check 'the metrics file is valid JSON' /usr/lib/lxc-autoscale-ml/node -e "JSON.parse(require('fs').readFileSync('$METRICS', 'utf8'))"
check 'the operator finds nothing wrong' lxc-autoscale doctor
check 'the operator sees the container' bash -c 'lxc-autoscale status | grep -q 101'
all_run() { [[ $(api GET /overview) == *'"lxc_monitor","state":"running"'*'"lxc_autoscale_ml","state":"running"'*'"lxc_autoscale_api","state":"running"'* ]]; }
check 'the overview of the API sees all three daemons' within 15 all_run
serves_dashboard() { [[ $(api GET /container/101) == *'<div id="app">'* ]]; }
check 'the API serves the dashboard of the package' serves_dashboard
has_uptime() { [[ $(api GET '/resource/lxc/configs?lxc_ids=101') =~ \"uptime_seconds\":[0-9] ]]; }
check 'the API knows how long a container has been running' has_uptime
is_healthy() { [[ $(api GET /health/check) == *'"status":"healthy"'* ]]; }
check 'the API finds itself healthy' within 15 is_healthy
