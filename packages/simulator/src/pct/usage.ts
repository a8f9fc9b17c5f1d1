/**
 * Short usage of each command of `pct`, in the order in which it lists them: by the class that implements them.
 * An empty line separates the classes.
 */
const USAGE: readonly (readonly string[])[] = [
  [
    'clone <vmid> <newid> [OPTIONS]',
    'create <vmid> <ostemplate> [OPTIONS]',
    'destroy <vmid> [OPTIONS]',
    'list',
    'migrate <vmid> <target> [OPTIONS]',
    'move-volume <vmid> <volume> [<storage>] [<target-vmid>] [<target-volume>] [OPTIONS]',
    'pending <vmid>',
    'resize <vmid> <disk> <size> [OPTIONS]',
    'restore <vmid> <ostemplate> [OPTIONS]',
    'template <vmid>',
  ],
  ['config <vmid> [OPTIONS]', 'set <vmid> [OPTIONS]'],
  [
    'delsnapshot <vmid> <snapname> [OPTIONS]',
    'listsnapshot <vmid>',
    'rollback <vmid> <snapname> [OPTIONS]',
    'snapshot <vmid> <snapname> [OPTIONS]',
  ],
  [
    'reboot <vmid> [OPTIONS]',
    'resume <vmid>',
    'shutdown <vmid> [OPTIONS]',
    'start <vmid> [OPTIONS]',
    'stop <vmid> [OPTIONS]',
    'suspend <vmid>',
  ],
  [
    'console <vmid> [OPTIONS]',
    'cpusets',
    'df <vmid>',
    'enter <vmid> [OPTIONS]',
    'exec <vmid> [<extra-args>] [OPTIONS]',
    'fsck <vmid> [OPTIONS]',
    'fstrim <vmid> [OPTIONS]',
    'mount <vmid>',
    'pull <vmid> <path> <destination> [OPTIONS]',
    'push <vmid> <file> <destination> [OPTIONS]',
    'remote-migrate <vmid> [<target-vmid>] <target-endpoint> --target-bridge <string> --target-storage <string> [OPTIONS]',
    'rescan [OPTIONS]',
    'status <vmid> [OPTIONS]',
    'unlock <vmid>',
    'unmount <vmid>',
  ],
  ['help [OPTIONS]'],
]

/** Names of all commands of a real `pct`; unique beginnings stand for them. */
export const COMMAND_NAMES: readonly string[] = USAGE.flat().map(line => line.split(' ', 1)[0] ?? '')

/** The usage line that follows a complaint about options. */
export function usageLine(command: string): string {
  const line = USAGE.flat().find(text => text.split(' ', 1)[0] === command)
  return `pct ${line ?? command}\n`
}

/** What `pct` prints when it does not know what is wanted; after a beginning of several names in another form. */
export function fullUsage(problem: string, beginning?: string): string {
  const prefix = beginning === undefined ? 'pct' : `pct ${beginning}`
  const groups = USAGE.map(group => group.map(line => `       ${prefix} ${line}\n`).join(''))
  const separator = beginning === undefined ? '\n' : ''
  return `ERROR: ${problem}\nUSAGE: pct <COMMAND> [ARGS] [OPTIONS]\n\n${groups.join(separator)}`
}
