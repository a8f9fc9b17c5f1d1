/**
 * The programs of the package. What `isInner` is started by another one, which finds it beside itself. `command` is the name in /usr/bin; that of the monitor is not `lxc-monitor`, which is a program of LXC.
 * `processName` is what ps, top and the messages of the kernel show: the name of the unit. `entry` starts it in the checkout. `options`: of Node.js, in the command of
 * /usr/bin; those of the daemons stand in their units.
 */
export const PROGRAMS = [
  { command: 'lxc-autoscale-monitor', processName: 'lxc_monitor', entry: 'packages/monitor/bin/lxc-monitor.mjs' },
  { command: 'lxc-autoscale-ml', processName: 'lxc_autoscale_ml', entry: 'packages/model/bin/lxc-autoscale-ml.mjs' },
  { command: 'lxc-autoscale-api', processName: 'lxc_autoscale_api', entry: 'packages/api/bin/lxc-autoscale-api.mjs' },
  {
    command: 'lxc-autoscale',
    processName: 'lxc-autoscale',
    entry: 'packages/cli/bin/lxc-autoscale.mjs',
    // It ends at once: little of what it makes need ever be collected.
    options: ['--min-semi-space-size=16'],
  },
  {
    command: 'lxc-autoscale-what-if',
    processName: 'lxc_autoscale_what_if',
    entry: 'packages/replay/bin/lxc-autoscale-what-if.mjs',
    isInner: true,
  },
]
