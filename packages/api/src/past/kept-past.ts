import { AutoscaleError, MS_PER_DAY, MS_PER_MINUTE, type PastStep, parseJson } from '@lxc-autoscale/core'
import { type HostFiles, joinSteps, type PastContent, pastContents, pastOf, rrddataSteps } from '@lxc-autoscale/host'
import { readRrdData, readRrdFile, type Timeframe } from '../pct/commands.ts'
import type { HostCommand, HostCommands } from '../ports.ts'

export interface KeptPastParts {
  readonly files: HostFiles
  readonly commands: HostCommands
  /** Where Proxmox keeps the history of its guests. */
  readonly root: string
  readonly node: () => string
}

/** Which time of a container's past is asked for. */
export interface PastSpan {
  readonly vmid: number
  readonly sinceMs: number
  readonly nowMs: number
}

/**
 * What Proxmox has kept of a container: from its files, by ourselves or by root's hand; where there are none, or they cannot be
 * understood, by asking Proxmox, which takes a second for each of up to eight questions unless it is asked over its REST interface.
 * @throws {AutoscaleError} as the command that asks does
 */
export async function keptPast(parts: KeptPastParts, span: PastSpan): Promise<PastStep[]> {
  if (!isMissing(parts)) {
    const contents = await allContents(parts, span.vmid)
    const problems: string[] = []
    const steps = pastOf(contents, { ...span, onProblem: problem => problems.push(problem) })
    if (problems.length < Math.max(1, contents.length)) return steps
  }
  return askedPast(parts, span)
}

/** Whether this host has no such files, as one that is only reached over its REST interface. */
function isMissing({ files, root }: KeptPastParts): boolean {
  try {
    return files.inode(root) === undefined
  } catch (error) {
    if (error instanceof AutoscaleError) return false
    throw error
  }
}

async function allContents({ files, root, commands }: KeptPastParts, vmid: number): Promise<PastContent[]> {
  const contents: PastContent[] = []
  for (const content of pastContents(files, root, vmid)) {
    const readable = 'problem' in content ? await byRoot(commands, content) : content
    if (readable !== undefined) contents.push(readable)
  }
  return contents
}

/** The file as root reads it; undefined when there is none. */
async function byRoot(commands: HostCommands, unreadable: PastContent): Promise<PastContent | undefined> {
  try {
    const { stdout } = await commands.run(readRrdFile(unreadable.path))
    return { path: unreadable.path, bytes: Buffer.from(stdout, 'base64') }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return error.message.includes('No such file') ? undefined : unreadable
  }
}

/** How far back an answer goes at least. Source: pve-cluster, src/PVE/RRD.pm, create_rrd_data. */
const TIMEFRAMES: readonly (readonly [Timeframe, days: number])[] = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['year', 360],
]

/** One question after the other, as far back as is wanted, the finest first. */
async function askedPast({ commands, node }: KeptPastParts, { vmid, sinceMs, nowMs }: PastSpan): Promise<PastStep[]> {
  const ask = (timeframe: Timeframe, cf: 'AVERAGE' | 'MAX') =>
    answerOf(commands, readRrdData(node(), vmid, timeframe, cf))
  const archives: PastStep[][] = []
  for (const [timeframe, days] of TIMEFRAMES) {
    const isEnough = sinceMs >= nowMs - days * MS_PER_DAY
    // Where the day is kept by minutes, the month holds what the week does.
    if (timeframe === 'week' && !isEnough && archives.some(isByMinutes)) continue
    const means = await ask(timeframe, 'AVERAGE')
    const alone = rrddataSteps(means, undefined)
    const steps = alone?.every(isByMinutes) === true ? alone : rrddataSteps(means, await ask(timeframe, 'MAX'))
    if (steps === undefined) throw new AutoscaleError('PCT_FAILED', 'pvesh printed something that is not rrddata')
    archives.push(...steps)
    if (isEnough) break
  }
  return joinSteps(archives).filter(({ startMs }) => startMs >= sinceMs && startMs < nowMs)
}

function isByMinutes([first]: readonly PastStep[]): boolean {
  return first?.stepMs === MS_PER_MINUTE
}

async function answerOf(commands: HostCommands, command: HostCommand): Promise<unknown> {
  try {
    return parseJson((await commands.run(command)).stdout)
  } catch (error) {
    // Proxmox has kept nothing of it.
    if (error instanceof AutoscaleError && error.message.includes('No such file')) return []
    throw error
  }
}
