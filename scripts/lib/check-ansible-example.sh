#!/usr/bin/env bash
# Lints config/ansible and runs it dry against this machine, with a systemctl and a lxc-autoscale that only note what they are asked.
# Exit code 77: there is no Ansible here.
set -euo pipefail
cd "$(dirname "$0")/../../config/ansible"

for command in ansible-playbook ansible-lint; do
  if [ -z "$(type -P "$command")" ]; then
    echo "Ansible example: skipped: needs $command (apt-get install ansible-core ansible-lint)"
    exit 77
  fi
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/settings"
echo 'not a package' >"$folder/lxc-autoscale-ml_2.0.0_amd64.deb"
cp ../lxc_monitor.yaml ../lxc_autoscale_ml.yaml "$folder/settings/"
cat >"$folder/bin/systemctl" <<END
#!/bin/sh
echo "systemctl \$*" >>"$folder/asked"
case \$* in
show*) printf 'Id=%s\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n' "\$2" ;;
is-enabled*) echo enabled ;;
esac
END
cat >"$folder/bin/lxc-autoscale" <<END
#!/bin/sh
echo "lxc-autoscale \$*" >>"$folder/asked"
END
chmod +x "$folder/bin/systemctl" "$folder/bin/lxc-autoscale"

export ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0 HOME="$folder"
ansible-playbook -i localhost, --syntax-check lxc-autoscale-ml.yml
ansible-lint --offline --nocolor --profile production lxc-autoscale-ml.yml
# As on a node on which the package is installed: the other way, almost all of it is left out.
PATH="$folder/bin:$PATH" ansible-playbook -i localhost, -c local --check lxc-autoscale-ml.yml \
  -e "lxc_autoscale_deb=$folder/lxc-autoscale-ml_2.0.0_amd64.deb" -e "lxc_autoscale_settings=$folder/settings" \
  -e '{"ansible_facts": {"packages": {"lxc-autoscale-ml": []}}}'
[ ! -e /var/cache/lxc-autoscale-ml_2.0.0_amd64.deb ] || { echo 'the dry run copied the package'; exit 1; }
for line in 'lxc-autoscale config check' 'systemctl show lxc_autoscale_ml' 'lxc-autoscale doctor'; do
  grep -qxF "$line" "$folder/asked" || { echo "the dry run did not ask: $line"; exit 1; }
done
