import { type ConfValues, type ContainerConf, without } from '../../host/conf-text.ts'
import { macAddress } from '../../host/container-spec.ts'
import { configOption, NUMBERED_OPTIONS, normalisedTags, SET_OPTIONS } from '../../schema/config-options.ts'
import { normalisedNetwork } from '../../schema/formats.ts'
import { splitList, VMID } from '../../schema/option-spec.ts'
import { assertMayModify } from '../access.ts'
import { type Command, vmidOf } from '../command.ts'
import {
  assertUnlocked,
  assertUnmodified,
  type Context,
  loadConf,
  loadConfFile,
  regenerate,
  runs,
  writeConf,
} from '../context.ts'
import { EXIT, Failure, ParameterFailure } from '../failure.ts'
import { hotplugPending } from '../hotplug.ts'
import { lockConfig } from '../locks.ts'
import { addPending, applyPending, type Changes } from '../pending.ts'

const MAX_WEIGHT = 10_000

/** `pct set VMID OPTIONS`: the cgroup is changed first and the configuration second, so that a failure can part them. */
export const set: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, ...SET_OPTIONS },
  numbered: NUMBERED_OPTIONS,
  run: async (context, args) => {
    const vmid = vmidOf(args)
    const { digest } = args.values
    const given = without(args.values, 'vmid', 'digest')
    if (Object.keys(given).length === 0) throw new Failure('no options specified', EXIT.usage)
    const changes: Changes = {
      values: normalised(without(given, 'delete', 'revert')),
      remove: splitList(given['delete'] ?? ''),
      revert: splitList(given['revert'] ?? ''),
    }
    await lockConfig(context, vmid, async () => {
      const { conf, bytes } = loadConfFile(context, vmid)
      assertUnlocked(conf)
      await assertUnmodified(bytes, digest)
      assertMayModify(context, vmid, [...changes.remove, ...changes.revert, ...Object.keys(changes.values)])
      assertConsistent(changes)
      writeConf(context, vmid, await changed(context, vmid, conf, changes))
      regenerate(context, vmid, loadConf(context, vmid))
    })
    return undefined
  },
}

async function changed(context: Context, vmid: number, conf: ContainerConf, changes: Changes): Promise<ContainerConf> {
  const remove = changes.remove.filter(key => assertRemovable(context, vmid, conf, key))
  for (const key of Object.keys(changes.values)) assertChangeable(vmid, conf, key)
  const waiting = addPending(conf, { ...changes, remove })
  const modified = new Set([...remove, ...Object.keys(changes.values)])
  if (!runs(context, vmid)) return applyPending(waiting, modified)
  const outcome = await hotplugPending(context, vmid, waiting, modified)
  const failed = Object.keys(outcome.problems)
  // Without errno of a failed write, which a weight out of range never comes to, Perl ends with 255.
  const exitCode = failed.every(key => key === 'cpuunits') ? EXIT.other : EXIT.hotplug
  if (failed.length > 0) throw new ParameterFailure(outcome.problems, exitCode)
  return outcome.conf
}

function normalised(values: ConfValues): ConfValues {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, normalisedValue(key, value)]))
}

/** A value as Proxmox keeps it. */
function normalisedValue(key: string, value: string): string {
  if (key === 'tags') return normalisedTags(value)
  if (key === 'cpuunits') return String(Math.min(Number(value), MAX_WEIGHT))
  if (key === 'nameserver' || key === 'searchdomain') return splitList(value).join(' ')
  return /^net\d+$/.test(key) ? normalisedNetwork(value, randomAddress) : value
}

function randomAddress(): string {
  return macAddress(Math.trunc(Math.random() * 2 ** 24))
}

function assertConsistent({ values, remove, revert }: Changes): void {
  for (const key of revert) {
    if (configOption(key) === undefined) throw new ParameterFailure({ revert: `unknown option '${key}'` })
    if (values[key] !== undefined) {
      throw new ParameterFailure({ revert: `you can't use '-${key}' and '-revert ${key}' at the same time` })
    }
  }
  for (const key of remove) {
    if (configOption(key) === undefined) throw new ParameterFailure({ delete: `unknown option '${key}'` })
    if (values[key] !== undefined) {
      throw new ParameterFailure({ delete: `you can't use '-${key}' and -delete ${key}' at the same time` })
    }
    if (revert.includes(key)) {
      throw new ParameterFailure({ delete: `you can't use '-delete ${key}' and '-revert ${key}' at the same time` })
    }
  }
}

/** False for a key that is not there, which is only worth a warning. */
function assertRemovable({ output }: Context, vmid: number, conf: ContainerConf, key: string): boolean {
  if (conf.live.values[key] === undefined) {
    output.err(`cannot delete '${key}' - not set in current configuration!\n`)
    return false
  }
  if (['memory', 'rootfs', 'ostype'].includes(key)) throw new Failure(`unable to delete required option '${key}'`)
  if (key === 'unprivileged') throw new Failure(`unable to delete read-only option: '${key}'`)
  if (/^(unused|mp)\d+$/.test(key)) assertUnprotected(conf, `can't remove CT ${vmid} drive '${key}'`)
  return true
}

function assertChangeable(vmid: number, conf: ContainerConf, key: string): void {
  if (key === 'unprivileged') throw new Failure(`unable to modify read-only option: '${key}'`)
  if (key === 'rootfs' || /^mp\d+$/.test(key)) assertUnprotected(conf, `can't update CT ${vmid} drive '${key}'`)
}

function assertUnprotected(conf: ContainerConf, problem: string): void {
  if (conf.live.values['protection'] === '1') throw new Failure(`${problem} - protection mode enabled`)
}
