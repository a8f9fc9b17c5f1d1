import type { SnapshotFacts } from '@lxc-autoscale/host'
import type { CommandOutput } from '../ports.ts'

/** `status: running` or `status: stopped`. */
export function parseStatus(stdout: string): 'running' | 'stopped' | 'unknown' {
  const status = /^status: (\S+)$/m.exec(stdout)?.[1]
  return status === 'running' || status === 'stopped' ? status : 'unknown'
}

/** Why `pct resize` could not grow the file system on a volume that it had grown; undefined when it could. It ends with 0 all the same. */
export function filesystemProblem(stdout: string): string | undefined {
  return /^Failed to update the container's filesystem: (.+)$/m.exec(stdout)?.[1]
}

/** What a task that ended well warned of: its lines, or at least that it did. Source: PVE::RESTEnvironment, log_warn; PVE::CLIHandler. */
export function taskWarnings({ stdout, stderr }: Pick<CommandOutput, 'stdout' | 'stderr'>): string[] {
  const [said] = /^Task finished with \d+ warning/m.exec(stderr) ?? []
  if (said === undefined) return []
  const lines = [...stdout.matchAll(/^WARN: (.+)$/gm)].map(([, text = '']) => text)
  return lines.length === 0 ? [`${said}(s)`] : lines
}

const SNAPSHOT_LINE = /^(\s*)`->\s+(\S+)\s+(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+)?(.*)$/

/**
 * The snapshots that `pct listsnapshot` printed as a tree, without `current`. `toSeconds` turns its local time into
 * seconds since 1970 UTC.
 */
export function parseSnapshotList(stdout: string, toSeconds: (localTime: string) => number): SnapshotFacts[] {
  const ancestors: string[] = []
  return stdout.split('\n').flatMap(line => {
    const [, indent = '', name = '', time, text = ''] = SNAPSHOT_LINE.exec(line) ?? []
    if (name === '' || name === 'current') return []
    ancestors.length = indent.length
    const parent = ancestors.at(-1)
    ancestors.push(name)
    const timeSeconds = time === undefined ? undefined : toSeconds(time)
    const description = text === '' || text === 'no-description' ? undefined : text
    return [{ name, timeSeconds, description, parent, isComplete: true, limits: undefined }]
  })
}
