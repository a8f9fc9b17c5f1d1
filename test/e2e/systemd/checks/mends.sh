# What doctor gives as the mend is a command that mends.

cp -a $ETC/lxc_autoscale_ml.yaml "$scratch/model-before.yaml"
sed -i 's/^interval_seconds: .*/interval_seconds: 2/' $ETC/lxc_autoscale_ml.yaml
systemctl restart lxc_autoscale_ml

is_well() { lxc-autoscale doctor; }
# mend_of CHECK: the first one that doctor gives for it.
mend_of() { lxc-autoscale doctor | grep -A1 "^!! $1: " | sed -n 's/^ *mend: //p' | head -n1; }
has_mend() { mend=$(mend_of "$1"); [ -n "$mend" ]; }
# mends CHECK: doctor fails, and its mend is carried out as it stands there.
mends() {
  local mend
  not lxc-autoscale doctor || { echo 'doctor finds nothing wrong'; return 1; }
  # What the API says of the model is at most a second old.
  within 3 has_mend "$1" || return 1
  echo "mend: $mend"
  # A reload ends the pause of a breaker that opened meanwhile, as doctor says.
  bash -c "$mend" && systemctl reload lxc_autoscale_ml && within 30 is_well
}
check 'doctor finds nothing wrong' within 20 is_well

systemctl stop lxc_autoscale_ml
check 'doctor mends a model that was stopped' mends model

mv $ETC/lxc_autoscale_api.yaml "$scratch/api.yaml"
check 'doctor mends a settings file that is gone' mends configuration
check 'and the service may read it, but not everybody' equals "$(mode_of $ETC/lxc_autoscale_api.yaml)" '640 root:lxc-autoscale-api'
cp -a "$scratch/api.yaml" $ETC/lxc_autoscale_api.yaml
systemctl restart lxc_autoscale_api

cp -a $ETC/api.key "$scratch/api.key"
echo another-key-than-before-0001 >$ETC/api.key
check 'doctor mends a key that the API has not read' mends 'API key'
rm $ETC/api.key
check 'doctor mends a key file that is gone' mends 'API key'
check 'and the model may read it, but not everybody' equals "$(mode_of $ETC/api.key)" '640 root:lxc-autoscale'
cp -a "$scratch/api.key" $ETC/api.key
systemctl reload lxc_autoscale_api lxc_autoscale_ml

metrics=$(readlink -f $METRICS)
systemctl stop lxc_monitor
mv "$metrics" "$metrics.kept"
install -d -o lxc-autoscale-monitor "$metrics"
check 'doctor mends a folder in the place of the metrics' mends data
systemctl stop lxc_monitor
rm -r "$metrics" "$metrics.old"
mv "$metrics.kept" "$metrics"
systemctl start lxc_monitor
cp -a "$scratch/model-before.yaml" $ETC/lxc_autoscale_ml.yaml
systemctl restart lxc_autoscale_ml
check 'doctor finds nothing wrong again' within 30 is_well
