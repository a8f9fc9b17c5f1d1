import { isOnline } from '../host/cluster-files.ts'
import type { Context } from '../pct/context.ts'
import { EXIT } from '../pct/failure.ts'

/** `pvecm status`: the cluster, the quorum, the votes and the members. Other commands are not there. */
export function pvecm({ settings, identity, output, time }: Context, words: readonly string[]): number {
  const [command] = words
  if (command !== 'status') {
    output.err(`ERROR: ${command === undefined ? 'no command specified' : `unknown command 'pvecm ${command}'`}\n`)
    output.err('USAGE: pvecm <COMMAND> [ARGS] [OPTIONS]\n\n       pvecm status\n')
    return EXIT.other
  }
  if (settings.nodes.length < 2) {
    output.err("Error: Corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?\n")
    return EXIT.missing
  }
  const votes = settings.nodes.length
  const quorum = Math.trunc(votes / 2) + 1
  const present = settings.nodes.filter(name => isOnline(settings, identity, name))
  const row = (name: string, value: string | number) => `${`${name}:`.padEnd(17)} ${value}\n`
  output.out(
    [
      'Cluster information\n-------------------\n',
      row('Name', 'pretend'),
      row('Config Version', 1),
      row('Transport', 'knet'),
      row('Secure auth', 'on'),
      '\nQuorum information\n------------------\n',
      row('Date', new Date(time.nowMs()).toUTCString()),
      row('Quorum provider', 'corosync_votequorum'),
      row('Nodes', present.length),
      row('Node ID', '0x00000001'),
      row('Ring ID', '1.5'),
      row('Quorate', settings.quorate ? 'Yes' : 'No'),
      '\nVotequorum information\n----------------------\n',
      row('Expected votes', votes),
      row('Highest expected', votes),
      row('Total votes', present.length),
      `${'Quorum:'.padEnd(17)} ${quorum} ${settings.quorate ? ' ' : 'Activity blocked'}\n`,
      row('Flags', settings.quorate ? 'Quorate ' : ''),
      '\nMembership information\n----------------------\n    Nodeid      Votes Name\n',
      ...present.map(name => {
        const number = settings.nodes.indexOf(name) + 1
        const mark = name === identity.node ? ' (local)' : ''
        return `0x0000000${number}          1 192.0.2.${number}${mark}\n`
      }),
    ].join(''),
  )
  return settings.quorate ? 0 : EXIT.refused
}
