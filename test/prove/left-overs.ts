import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { linesOf } from './observer.ts'
import type { CarriedOutFault, LeftOvers } from './record.ts'
import type { Site } from './site.ts'

/** Commands that were given up have so long to go. */
const GOING_MS = 9_000

/** What is left of the daemons when they have stopped. */
export async function lookAtLeftOvers(site: Site, faults: readonly CarriedOutFault[]): Promise<LeftOvers> {
  const files = filesBelow(site.diskDirectory)
    .filter(({ path }) => !/\/fillers?(?:\/|$)/.test(path))
    .map(({ path, bytes }) => ({ path: relative(site.diskDirectory, path), bytes }))
  return {
    files,
    invalid: invalidFiles(site, faults),
    processes: await processesLeft(site),
    ...auditLeft(site, files),
    begun: files.filter(({ path }) => /(?:^|\/)begun\/[^/]+\.json$/.test(path)).length,
  }
}

function auditLeft(site: Site, files: LeftOvers['files']): Pick<LeftOvers, 'auditIds' | 'auditBytes'> {
  const audit = files.filter(({ path }) => /(?:^|\/)audit\.jsonl(?:\.\d+)?$/.test(path))
  const lines = audit.flatMap(({ path }) => linesOf(join(site.diskDirectory, path)))
  return {
    auditIds: lines.flatMap(line => /"id":"([^"]+)"/.exec(line)?.[1] ?? []),
    auditBytes: audit.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function filesBelow(folder: string): readonly { readonly path: string; readonly bytes: number }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return entry.isFile() ? [{ path, bytes: lstatSync(path).size }] : []
  })
}

function invalidFiles(site: Site, faults: readonly CarriedOutFault[]): readonly string[] {
  const damaged = new Set(faults.flatMap(({ fault, on }) => (fault === 'state-damaged' ? [String(on['file'])] : [])))
  const wrong: string[] = []
  const check = (name: string, path: string, isWhole: (text: string) => boolean) => {
    if (damaged.has(name)) return
    const text = readIfRegular(path)
    if (text !== undefined && !isWhole(text))
      wrong.push(`${name} cannot be read: ${text.slice(0, 80)} ... ${text.slice(-80)}`)
  }
  const state = (name: string) => join(site.stateDirectory, name)
  for (const name of ['audit.jsonl', 'answers.jsonl', 'model-sizers.jsonl']) check(name, state(name), isLines)
  for (const name of ['model-pending.json', 'model-status.json']) check(name, state(name), isJson)
  check('lxc_metrics.json', site.metricsFile, isJson)
  return wrong
}

function readIfRegular(path: string): string | undefined {
  try {
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8') : undefined
  } catch {
    // Not there: nothing to be wrong.
    return undefined
  }
}

function isLines(text: string): boolean {
  return text.split('\n').every(line => line === '' || isJson(line))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Command lines of processes that name the folder of this site; after a while, and then they are ended. */
async function processesLeft(site: Site): Promise<readonly string[]> {
  const endMs = Date.now() + GOING_MS
  let found = namingProcesses(site.directory)
  while (found.length > 0 && Date.now() < endMs) {
    await new Promise(resolve => setTimeout(resolve, 200))
    found = namingProcesses(site.directory)
  }
  for (const { pid } of found) end(pid)
  // A command that a fault keeps from ending, and whose API was killed, has nobody to end it before the next start.
  return found.filter(({ text }) => !/ pct | pvesh | pvecm /.test(text)).map(({ text }) => text)
}

function namingProcesses(directory: string): readonly { readonly pid: number; readonly text: string }[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap(name => {
      try {
        const text = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return text.includes(`${directory}/`) ? [{ pid: Number(name), text }] : []
      } catch {
        // It has just ended.
        return []
      }
    })
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
