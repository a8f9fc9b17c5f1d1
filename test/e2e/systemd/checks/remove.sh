# Stopped daemons leave the containers as they are; remove keeps what is the administrator's, purge keeps nothing.

limits="$(cores_of 101) $(memory_mb_of 101)"
systemctl stop "${UNITS[@]}"
check 'a stop leaves the limits as they are' equals "$(cores_of 101) $(memory_mb_of 101)" "$limits"
check 'a stop leaves the containers running' equals "$(pct status 101)" 'status: running'
# The file stays, so that nobody else can take its name; it names nobody.
check 'a stop ends the lock of the model' not test -s /run/lock/lxc_autoscale_ml.lock
systemctl start "${UNITS[@]}"

# Without root: an upgrade does not bring the helper back, nor does a new installation; purge ends that too.
check 'the helper stays while the API needs it' not lxc-autoscale setup-token --remove-helper
install -m 0640 -g lxc-autoscale-api /dev/stdin $ETC/pve-token <<<'lxc-autoscale@pve!api-e2e=00000000-0000-4000-8000-000000000000'
fingerprint=$(printf 'AB:%.0s' {1..31})AB
printf 'lxc: {backend: rest, rest: {fingerprint: "%s"}}\n' "$fingerprint" >$ETC/lxc_autoscale_api.yaml
check 'with the REST interface the API starts' systemctl restart lxc_autoscale_api
check 'the helper can be taken off then' lxc-autoscale setup-token --remove-helper
without_helper() { [ ! -e /usr/lib/lxc-autoscale-ml/pct-helper ] && ! systemctl cat lxc_autoscale_pct.socket; }
check 'nothing is left that runs as root' without_helper

check 'uninstall.sh removes the package' "$packages/uninstall.sh"
check 'remove ends every process' equals "$(our_processes)" ''
check 'remove leaves no unit' bash -c '[ -z "$(systemctl list-units --all --plain --no-legend "lxc_monitor*" "lxc_autoscale*" | grep -v not-found)" ]'
check 'remove keeps configuration, key, history and logs' bash -c "
  [ -s $ETC/api.key ] && [ -s $ETC/lxc_monitor.yaml ] && [ -s $METRICS ] && [ -s /var/log/lxc_monitor.log ] && [ -d /var/lib/lxc_autoscale_ml ]"
key=$(<$ETC/api.key)
check 'install.sh installs a package' "$packages/install.sh" "$packages/current.deb"
check 'installed again it goes on with the same key' equals "$(<$ETC/api.key)" "$key"
check 'installed again it runs' within 10 is_active "${UNITS[@]}"
check 'installed again it has no helper either' without_helper

check 'uninstall.sh purges the package' "$packages/uninstall.sh" --purge
left() {
  find / -xdev \( -path /proc -o -path /sys -o -path /run/systemd -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/log/apt -o -path /e2e -o -path /packages \) -prune \
    -o \( -name '*lxc_autoscale*' -o -name '*lxc-autoscale*' -o -name 'lxc_monitor*' -o -name 'lxc_metrics*' -o -name 'autoscaleapi*' \) -print
}
check 'purge leaves no file' equals "$(left)" ''
check 'purge leaves no user' bash -c '! getent passwd | grep lxc-autoscale'
check 'purge leaves no group' bash -c '! getent group | grep lxc-autoscale'
check 'purge leaves no unit' bash -c '[ -z "$(systemctl list-units --all --plain --no-legend "lxc_monitor*" "lxc_autoscale*" | grep -v not-found)" ]'
check 'purge leaves no process' equals "$(our_processes)" ''
check 'the containers still run' equals "$(pct status 101)" 'status: running'
