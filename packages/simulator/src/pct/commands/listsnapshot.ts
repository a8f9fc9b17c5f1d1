import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { ContainerConf } from '../../host/conf-text.ts'
import { VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { loadConf } from '../context.ts'

interface Entry {
  readonly name: string
  readonly snaptime: number | undefined
  readonly description: string
  readonly parent: string | undefined
}

/** `pct listsnapshot VMID`: a tree, in which `current` is the last of its siblings. */
export const listsnapshot: Command = {
  positional: ['vmid'],
  options: { vmid: VMID },
  run: async (context, args) => {
    const entries = entriesOf(loadConf(context, vmidOf(args)))
    const names = new Set(entries.map(entry => entry.name))
    const print = (parent: string | undefined, prefix: string) => {
      for (const entry of childrenOf(entries, names, parent)) {
        const width = Math.max(0, 30 - prefix.length)
        const time = entry.snaptime === undefined ? '' : localTime(entry.snaptime)
        context.output.out(`${prefix} ${entry.name.padEnd(width)} ${time.padEnd(23)} ${entry.description}\n`)
        print(entry.name, ` ${prefix}`)
      }
    }
    print(undefined, '`->')
    return undefined
  },
}

function entriesOf(conf: ContainerConf): readonly Entry[] {
  const snapshots = Object.entries(conf.snapshots).map(([name, { values }]) => ({
    name,
    snaptime: Number(values['snaptime'] ?? 0),
    description: (values['description'] ?? '').split('\n', 1)[0] || 'no-description',
    parent: values['parent'],
  }))
  const current = {
    name: 'current',
    snaptime: undefined,
    description: 'You are here!',
    parent: conf.live.values['parent'],
  }
  return [...snapshots, current]
}

/** Children of a snapshot, oldest first; roots are those whose parent is gone. */
function childrenOf(
  entries: readonly Entry[],
  names: ReadonlySet<string>,
  parent: string | undefined,
): readonly Entry[] {
  return entries
    .filter(entry => (parent === undefined ? !isKnown(entry.parent, names) : entry.parent === parent))
    .sort((a, b) => (a.snaptime ?? Number.POSITIVE_INFINITY) - (b.snaptime ?? Number.POSITIVE_INFINITY))
}

function isKnown(name: string | undefined, names: ReadonlySet<string>): boolean {
  return name !== undefined && names.has(name)
}

/** `YYYY-MM-DD HH:MM:SS` in the node's own time zone. */
function localTime(seconds: number): string {
  const time = new Date(seconds * MS_PER_SECOND)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}
