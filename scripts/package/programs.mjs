/**
 * The programs of the package: the command in /usr/bin, and the file that starts it in the checkout. Each becomes one file,
 * `/usr/lib/lxc-autoscale-ml/COMMAND.mjs`.
 */
export const PROGRAMS = [
  { command: 'lxc-monitor', entry: 'packages/monitor/bin/lxc-monitor.mjs' },
  { command: 'lxc-autoscale-ml', entry: 'packages/model/bin/lxc-autoscale-ml.mjs' },
  { command: 'lxc-autoscale-api', entry: 'packages/api/bin/lxc-autoscale-api.mjs' },
  { command: 'lxc-autoscale', entry: 'packages/cli/bin/lxc-autoscale.mjs' },
]
