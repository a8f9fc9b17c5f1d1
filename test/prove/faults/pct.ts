import type { Fault as CommandFault } from '@lxc-autoscale/simulator'
import type { Fault } from './fault.ts'

interface Failure {
  readonly subcommand: string
  readonly exitCode: number
  readonly stderr: string
}

/** What the commands of Proxmox say when they fail; ID stands for the container. Source: pct contract of Proxmox. */
const PCT_FAILURES: readonly Failure[] = [
  { subcommand: 'set', exitCode: 255, stderr: 'CT is locked (backup)\n' },
  { subcommand: 'set', exitCode: 255, stderr: 'CT is locked (snapshot-delete)\n' },
  {
    subcommand: 'set',
    exitCode: 4,
    stderr: "trying to acquire lock...\ncan't lock file '/run/lock/lxc/pve-config-ID.lock' - got timeout\n",
  },
  { subcommand: 'set', exitCode: 2, stderr: "Configuration file 'nodes/pve/lxc/ID.conf' does not exist\n" },
  {
    subcommand: 'set',
    exitCode: 2,
    stderr: "unable to open file '/etc/pve/nodes/pve/lxc/ID.conf.tmp.4711' - Permission denied\n",
  },
  {
    subcommand: 'set',
    exitCode: 16,
    stderr: "unable to open file '/etc/pve/nodes/pve/lxc/ID.conf.tmp.4711' - Device or resource busy\n",
  },
  {
    subcommand: 'set',
    exitCode: 22,
    stderr:
      '400 Parameter verification failed.\nmemory: unable to hotplug memory: got no space\npct set <vmid> [OPTIONS]\n',
  },
  {
    subcommand: 'set',
    exitCode: 255,
    stderr: 'detected modified configuration - file changed by other user? Try again.\n',
  },
  {
    subcommand: 'set',
    exitCode: 111,
    stderr: 'ipcc_send_rec[1] failed: Connection refused\nUnable to load access control list: Connection refused\n',
  },
  { subcommand: 'set', exitCode: 255, stderr: '' },
  { subcommand: 'resize', exitCode: 255, stderr: 'CT is locked (disk)\n' },
  { subcommand: 'resize', exitCode: 25, stderr: 'unable to shrink disk size\n' },
  { subcommand: 'resize', exitCode: 255, stderr: "command 'lvextend' failed: exit code 5\n" },
  { subcommand: 'snapshot', exitCode: 255, stderr: 'snapshot feature is not available\n' },
  { subcommand: 'clone', exitCode: 255, stderr: 'clone failed: cluster not ready - no quorum?\n' },
]

const LATE_KINDS = ['hang', 'hang-late', 'slow', 'answer-late', 'skip'] as const
/** Beyond the API's own limits in a round for the first, within them for the second. */
const DELAYS_MS = [7_000, 2_500]

export const pctFails: Fault = {
  name: 'pct-fails',
  about: 'pct fails with a text of the contract, or does its work and then fails with it',
  plan: (random, { vmids }) => {
    const failure = random.integer(0, PCT_FAILURES.length - 1)
    const kind = random.isLucky(0.5) ? 'fail' : 'fail-late'
    const isForAll = random.isLucky(0.4)
    return { forMs: random.integer(2_000, 8_000), on: { failure, kind, vmid: isForAll ? 0 : random.pick(vmids) } }
  },
  resources: on => ['pct', `pct:${on['vmid']}`],
  begin: async (site, on) => {
    const failure = PCT_FAILURES[Number(on['failure'])]
    if (failure === undefined) throw new Error(`there is no failure ${on['failure']}`)
    const stderr = failure.stderr.replaceAll('ID', String(on['vmid']))
    return await untilEnded(site, on, { ...failure, stderr, kind: on['kind'] === 'fail' ? 'fail' : 'fail-late' })
  },
}

export const pctLate: Fault = {
  name: 'pct-late',
  about: 'pct hangs before or after its work, starts late, answers late, or succeeds without doing it',
  plan: (random, { vmids }) => ({
    forMs: random.integer(2_000, 9_000),
    on: {
      kind: random.pick(LATE_KINDS),
      subcommand: random.pick(['set', 'set', 'set', 'resize', '']),
      delayMs: random.pick(DELAYS_MS),
      vmid: random.isLucky(0.5) ? 0 : random.pick(vmids),
    },
  }),
  resources: () => ['pct'],
  begin: async (site, on) => {
    const kind = LATE_KINDS.find(each => each === on['kind']) ?? 'hang'
    return await untilEnded(site, on, { kind, subcommand: String(on['subcommand']), delayMs: Number(on['delayMs']) })
  },
}

async function untilEnded(
  site: Parameters<Fault['begin']>[0],
  on: Parameters<Fault['begin']>[1],
  { subcommand, ...fault }: Omit<CommandFault, 'command' | 'vmid'>,
) {
  const vmid = Number(on['vmid'])
  const only = {
    ...(subcommand === undefined || subcommand === '' ? {} : { subcommand }),
    ...(vmid === 0 ? {} : { vmid }),
  }
  await site.setCommandFault('pct', { command: 'pct', ...fault, ...only })
  return () => site.setCommandFault('pct', undefined)
}

export const pctMissing: Fault = {
  name: 'pct-missing',
  about: 'pct, pvesh and pvecm are gone from the host (a Proxmox update under way)',
  plan: random => ({ forMs: random.integer(1_000, 4_000), on: {} }),
  resources: () => ['pct'],
  begin: async site => {
    await site.setHost('missing', { missingCommands: ['pct', 'pvesh', 'pvecm'] })
    return () => site.setHost('missing', undefined)
  },
}

export const pctOdd: Fault = {
  name: 'pct-odd',
  about: 'pct takes long to start, with exit codes as they are left over and complaints about the locale',
  plan: random => ({ forMs: random.integer(3_000, 9_000), on: { delayMs: random.pick([600, 1_500, 3_000]) } }),
  resources: () => ['pct', 'pct-delay'],
  begin: async (site, on) => {
    const pctDelayMs = Number(on['delayMs'])
    await site.setHost('odd', { pctDelayMs, randomExitCodes: true, localeWarning: true })
    return () => site.setHost('odd', undefined)
  },
}
