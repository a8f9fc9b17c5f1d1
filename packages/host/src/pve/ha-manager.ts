import { asObject, parseJson, parseVmid } from '@lxc-autoscale/core'

/** What the HA manager does with a container that it looks after. */
export interface HaService {
  /** Undefined until it has said one. */
  readonly state: string | undefined
  /** What it does to the container at this moment or is asked to do, in a sentence; undefined when nothing. */
  readonly busy: string | undefined
}

/** The HA manager's files, as far as they are there. */
export interface HaFiles {
  readonly resources: string | undefined
  readonly status: string | undefined
  readonly commands: string | undefined
}

export interface HaManager {
  /** The containers that it looks after. */
  readonly services: ReadonlyMap<number, HaService>
  /** What it says of nodes: online, maintenance, unknown, fence, gone. */
  readonly nodes: ReadonlyMap<string, string>
}

/** States in which it moves nothing. Source: pve-ha-manager, PVE/HA/Tools.pm, service states. */
const QUIET_STATES = new Set(['started', 'stopped', 'ignored', 'disabled'])
const MOVES = new Set(['migrate', 'relocate'])

/**
 * Sources: pve-ha-manager, PVE/HA/Config.pm (files), PVE/HA/Manager.pm, queue_resource_motion (`cmd` of a service) and
 * update_crm_commands (lines that nobody has read yet).
 */
export function parseHaManager({ resources = '', status = '', commands = '' }: HaFiles): HaManager {
  const told = asObject(parseJson(status))
  const states = asObject(told?.['service_status'])
  const asked = new Map(
    [...commands.matchAll(/^(migrate|relocate|stop)[ \t]+ct:(\d+)(?:[ \t]+(\S+))?/gm)].map(
      ([, task = '', vmid = '', target]) => [vmid, { task, target }],
    ),
  )
  const services = new Map<number, HaService>()
  for (const [, digits = ''] of resources.matchAll(/^ct:\s*(\d+)\s*$/gm)) {
    const vmid = parseVmid(digits)
    if (vmid === undefined) continue
    const service = asObject(states?.[`ct:${digits}`])
    const state = wordOf(service?.['state'])
    services.set(vmid, {
      state,
      busy: nowText(state, wordOf(service?.['target'])) ?? queuedText(service, asked.get(digits)),
    })
  }
  return { services, nodes: nodesOf(told?.['node_status']) }
}

function nodesOf(status: unknown): HaManager['nodes'] {
  return new Map(Object.entries(asObject(status) ?? {}).map(([node, state]) => [node, wordOf(state) ?? UNKNOWN]))
}

const WORD = /^[\w.-]{1,63}$/
const UNKNOWN = 'unknown'

/** A word as the HA manager writes them, which is shown to people; `unknown`, which is no quiet state, of what is none. */
function wordOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' && WORD.test(value) ? value : UNKNOWN
}

function nowText(state: string | undefined, target: string | undefined): string | undefined {
  if (state === undefined || QUIET_STATES.has(state)) return undefined
  if (MOVES.has(state)) return `the HA manager moves it${target === undefined ? '' : ` to node ${target}`} (${state})`
  return `the HA manager is busy with it (${state})`
}

interface Asked {
  readonly task: string
  readonly target: string | undefined
}

function queuedText(
  service: Readonly<Record<string, unknown>> | undefined,
  asked: Asked | undefined,
): string | undefined {
  const queued = service?.['cmd']
  const [task, target] = Array.isArray(queued) ? queued.map(wordOf) : [asked?.task, asked?.target]
  if (task === undefined) return undefined
  if (MOVES.has(task)) return `the HA manager is asked to move it to node ${target} (${task})`
  return `the HA manager is asked to ${task} it`
}
