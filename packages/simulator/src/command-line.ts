import { basename, dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createCluster } from './cluster/create-cluster.ts'
import { bringNodeBack, loseNode, loseQuorum, regainQuorum } from './cluster/power.ts'
import { startHosts } from './cluster/run-cluster.ts'
import { createHost } from './create-host.ts'
import { SHAPES, type Shape } from './workload/workload.ts'

const HELP = `Usage: lxc-simulator create DIRECTORY [--containers N] [--seed S] [--cores N] [--memory MB] [--shape SHAPE]... [--past-days DAYS]
       lxc-simulator create-cluster DIRECTORY [--nodes N] [--containers N] [--cores N] [--memory MB] [--shape SHAPE]...
       lxc-simulator run DIRECTORY [--speed X]
       lxc-simulator node DIRECTORY/NODE off|on
       lxc-simulator quorum DIRECTORY off|on
       lxc-simulator rest DIRECTORY [--port P]

create          makes a pretend Proxmox host in DIRECTORY, with N containers (default: one of each shape); with DAYS
                Proxmox has known them for so long, and keeps RRD files of them
create-cluster  makes N nodes (default: 3) in DIRECTORY/a, b and so on, with the containers spread over them
run             moves kernel files until it is interrupted, of a host or of all nodes of a cluster; bin of each has
                pct, pvesh, pvecm and ha-manager
node            takes the power of a node, or gives it back
quorum          cuts all nodes of a cluster off from each other, or joins them again
rest            answers as the REST interface of a host does until it is interrupted (default: port 8006)

Shapes: ${SHAPES.join(' ')} trace:FILE
`

/** What the command line needs of its surroundings. */
export interface Surroundings {
  out(text: string): void
  err(text: string): void
  readonly signal: AbortSignal
}

/** `lxc-simulator WORDS`; gives the exit code: 0, 1 when it failed, 2 when the words are wrong. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<number> {
  let parsed: ReturnType<typeof parseWords>
  try {
    parsed = parseWords(words)
  } catch (error) {
    surroundings.err(`${error instanceof Error ? error.message : error}\n${HELP}`)
    return 2
  }
  if (parsed.help) {
    surroundings.out(HELP)
    return 0
  }
  try {
    await parsed.command(parsed, surroundings)
    return 0
  } catch (error) {
    surroundings.err(`lxc-simulator: ${error instanceof Error ? error.message : error}\n`)
    return 1
  }
}

type Parsed = ReturnType<typeof parseWords>

async function create(
  { directory, containers, shapes, seed, cores, memoryMb, pastDays }: Parsed,
  { out }: Surroundings,
): Promise<void> {
  const count = containers ?? shapes.length
  const host = await createHost({
    root: directory,
    seed,
    hostCores: cores,
    hostMemoryMb: memoryMb,
    pastDays,
    containers: Array.from({ length: count }, (_, at) => ({
      vmid: 101 + at,
      shape: shapes[at % shapes.length] ?? 'idle',
    })),
  })
  out(`made ${host.root} with ${count} containers; put ${host.paths.bin} in front of PATH\n`)
}

async function createNodes(
  { directory, containers, shapes, nodes, cores, memoryMb }: Parsed,
  { out }: Surroundings,
): Promise<void> {
  const count = containers ?? shapes.length
  const all = Array.from({ length: count }, (_, at) => ({
    vmid: 101 + at,
    shape: shapes[at % shapes.length] ?? 'idle',
  }))
  const { root, hosts } = await createCluster({
    root: directory,
    nodes: Array.from({ length: nodes }, (_, node) => ({
      hostCores: cores,
      hostMemoryMb: memoryMb,
      containers: all.filter((_, at) => at % nodes === node),
    })),
  })
  out(`made ${root} with nodes ${hosts.map(({ node }) => node).join(', ')} and ${count} containers\n`)
}

async function run({ directory, speed }: Parsed, { out, signal }: Surroundings): Promise<void> {
  out(`moving ${directory}, workloads ${speed} times as fast as the clock; Ctrl-C ends it\n`)
  await startHosts(directory, { speed, signal })
}

async function switchNode({ directory, isOn }: Parsed): Promise<void> {
  const root = resolve(directory)
  await (isOn ? bringNodeBack : loseNode)(dirname(root), basename(root))
}

async function switchQuorum({ directory, isOn }: Parsed): Promise<void> {
  await (isOn ? regainQuorum : loseQuorum)(directory)
}

async function rest({ directory, port }: Parsed, { out, signal }: Surroundings): Promise<void> {
  const { startPretendRest } = await import('./rest/pretend-rest.ts')
  const { url, caFile, tokenFile, fingerprint, close } = await startPretendRest(directory, { port })
  out(`${url}\nca_file: ${caFile}\ntoken_file: ${tokenFile}\nfingerprint: ${fingerprint}\nCtrl-C ends it\n`)
  await new Promise<void>(done => (signal.aborted ? done() : signal.addEventListener('abort', () => done())))
  await close()
}

const COMMANDS = { create, 'create-cluster': createNodes, run, node: switchNode, quorum: switchQuorum, rest } as const

function isCommand(word: string | undefined): word is keyof typeof COMMANDS {
  return word !== undefined && Object.hasOwn(COMMANDS, word)
}

/** @throws {Error} that says which word is wrong */
function parseWords(words: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      containers: { type: 'string' },
      cores: { type: 'string', default: '8' },
      help: { type: 'boolean', default: false },
      nodes: { type: 'string', default: '3' },
      memory: { type: 'string', default: '32768' },
      port: { type: 'string', default: '8006' },
      'past-days': { type: 'string' },
      seed: { type: 'string', default: '1' },
      shape: { type: 'string', multiple: true, default: [...SHAPES] },
      speed: { type: 'string', default: '1' },
    },
  })
  const [name, directory = '', ...more] = positionals
  const isSwitch = name === 'node' || name === 'quorum'
  const isFitting = isSwitch ? more.length === 1 && /^(on|off)$/.test(more[0] ?? '') : more.length === 0
  if (!values.help && (!isCommand(name) || directory === '' || !isFitting)) {
    throw new Error('expected create DIRECTORY, run DIRECTORY or another line of these')
  }
  return {
    help: values.help,
    command: COMMANDS[isCommand(name) ? name : 'create'],
    directory,
    isOn: more[0] === 'on',
    nodes: wholeNumber('--nodes', values.nodes),
    containers: values.containers === undefined ? undefined : wholeNumber('--containers', values.containers),
    shapes: values.shape.map(toShape),
    seed: wholeNumber('--seed', values.seed),
    cores: wholeNumber('--cores', values.cores),
    port: wholeNumber('--port', values.port),
    memoryMb: wholeNumber('--memory', values.memory),
    pastDays: values['past-days'] === undefined ? undefined : wholeNumber('--past-days', values['past-days']),
    speed: positiveNumber('--speed', values.speed),
  }
}

function toShape(word: string): Shape {
  if (word.startsWith('trace:')) return `trace:${word.slice('trace:'.length)}`
  const shape = SHAPES.find(name => name === word)
  if (shape === undefined) throw new Error(`--shape is '${word}', expected one of ${SHAPES.join(', ')} or trace:FILE`)
  return shape
}

/** @throws {Error} when `word` is not a whole number */
export function wholeNumber(option: string, word: string): number {
  if (!/^\d{1,9}$/.test(word)) throw new Error(`${option} is '${word}', expected a whole number`)
  return Number(word)
}

/** @throws {Error} when `word` is not a number above 0 */
export function positiveNumber(option: string, word: string): number {
  const value = Number(word)
  if (word.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new Error(`${option} is '${word}', expected a number above 0`)
  return value
}
