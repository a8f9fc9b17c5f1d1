import { hostPaths } from './files/host-paths.ts'
import type { CommandName } from './host/bin-commands.ts'
import { readIdentity } from './host/host-identity.ts'
import { writeJournal } from './host/journal.ts'
import { type Fault, type HostSettings, readSettings } from './host/settings.ts'
import { type CommandTime, type Context, REAL_TIME } from './pct/context.ts'
import { EXIT } from './pct/failure.ts'
import { CollectedOutput, type CommandResult, type Output } from './pct/output.ts'
import { pct } from './pct/pct.ts'

/** Exit codes seen in the field for one and the same failure: errno values that happen to be left over. */
const SEEN_CODES = [2, 4, 9, 13, 22, 25, 255]

const LOCALE_WARNING = `perl: warning: Setting locale failed.
perl: warning: Please check that your locale settings:
	LANGUAGE = (unset),
	LC_ALL = (unset),
	LANG = "de_DE.UTF-8"
    are supported and installed on your system.
perl: warning: Falling back to the standard locale ("C").
`

export interface RunCommand {
  readonly command: CommandName
  readonly root: string
  readonly words: readonly string[]
  readonly output: Output
  readonly time?: CommandTime
  /** Time that the process has used up already; it counts towards the delay of the call. */
  readonly startedMsAgo?: number
}

/** Runs one of the pretend commands as a process would; gives the exit code. */
export async function runCommand({
  command,
  root,
  words,
  output,
  time = REAL_TIME,
  startedMsAgo = 0,
}: RunCommand): Promise<number> {
  const paths = hostPaths(root)
  const settings = readSettings(paths)
  if (settings.localeWarning) output.err(LOCALE_WARNING)
  const fault = settings.faults.find(candidate => fits(candidate, command, words))
  writeJournal(paths, settings, { kind: 'begin', command, words })
  if (fault?.kind === 'hang') await hang()
  await time.sleep(delayMs(settings) - startedMsAgo + (fault?.kind === 'slow' ? (fault.delayMs ?? 0) : 0))
  const work = () =>
    dispatch({ seen: new Map(), paths, identity: readIdentity(paths), settings, output, time }, command, words)
  const exitCode = await withFault(fault, { work, output, time })
  writeJournal(paths, settings, { kind: 'end', exitCode })
  return settings.randomExitCodes && exitCode !== 0 ? randomCode() : exitCode
}

interface Work {
  readonly work: () => Promise<number>
  readonly output: Output
  readonly time: CommandTime
}

/** The exit code of a command with which something goes wrong. */
async function withFault(fault: Fault | undefined, { work, output, time }: Work): Promise<number> {
  if (fault?.kind === 'fail') return fail(fault, output)
  if (fault?.kind === 'skip') return 0
  const exitCode = await work()
  if (fault?.kind === 'fail-late') return fail(fault, output)
  if (fault?.kind === 'hang-late') await hang()
  if (fault?.kind === 'answer-late') await time.sleep(fault.delayMs ?? 0)
  return exitCode
}

function hang(): Promise<void> {
  return new Promise(() => setInterval(() => undefined, 60_000))
}

/** Runs `pct` in this process. */
export async function runPct(root: string, words: readonly string[], time?: CommandTime): Promise<CommandResult> {
  return await collect('pct', root, words, time)
}

/** Runs `pvesh` in this process. */
export async function runPvesh(root: string, words: readonly string[], time?: CommandTime): Promise<CommandResult> {
  return await collect('pvesh', root, words, time)
}

/** Runs `pvecm` in this process. */
export async function runPvecm(root: string, words: readonly string[], time?: CommandTime): Promise<CommandResult> {
  return await collect('pvecm', root, words, time)
}

/** Runs `ha-manager` in this process. */
export async function runHaManager(root: string, words: readonly string[], time?: CommandTime): Promise<CommandResult> {
  return await collect('ha-manager', root, words, time)
}

async function collect(
  command: CommandName,
  root: string,
  words: readonly string[],
  time: CommandTime | undefined,
): Promise<CommandResult> {
  const output = new CollectedOutput()
  const exitCode = await runCommand({ command, root, words, output, ...(time === undefined ? {} : { time }) })
  return output.result(exitCode)
}

async function dispatch(context: Context, command: CommandName, words: readonly string[]): Promise<number> {
  if (context.settings.pmxcfs === 'down') return refuseWithoutPmxcfs(context.output)
  if (command === 'pct') return await pct(context, words)
  if (command === 'pvesh') return await (await import('./pvesh/pvesh.ts')).pvesh(context, words)
  if (command === 'ha-manager') return (await import('./pvesh/ha-manager.ts')).haManager(context, words)
  return (await import('./pvesh/pvecm.ts')).pvecm(context, words)
}

/** What every command of Proxmox says while pve-cluster is stopped. */
function refuseWithoutPmxcfs(output: Output): number {
  for (const attempt of [1, 2, 3]) output.err(`ipcc_send_rec[${attempt}] failed: Connection refused\n`)
  output.err('Unable to load access control list: Connection refused\n')
  return EXIT.connection
}

function fits(fault: Fault, command: CommandName, words: readonly string[]): boolean {
  if (fault.command !== command || fault.exceptPid === process.pid) return false
  if (fault.subcommand !== undefined && fault.subcommand !== words[0]) return false
  return fault.vmid === undefined || words.includes(String(fault.vmid))
}

function fail(fault: Fault, output: Output): number {
  if (fault.stdout !== undefined) output.out(fault.stdout)
  if (fault.stderr !== undefined) output.err(fault.stderr)
  return fault.exitCode ?? EXIT.other
}

function delayMs({ pctDelayMs, pctDelayJitter }: HostSettings): number {
  return pctDelayMs * (1 + pctDelayJitter * (2 * Math.random() - 1))
}

function randomCode(): number {
  return SEEN_CODES[Math.trunc(Math.random() * SEEN_CODES.length)] ?? EXIT.other
}
