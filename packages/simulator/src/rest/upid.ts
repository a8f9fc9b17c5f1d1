import { randomInt } from 'node:crypto'
import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { hostMonotonicMs } from '../host/journal.ts'
import type { TaskKind } from '../pct/context.ts'

/** What the name of a task says. Source: pve-common, UPID.pm. */
export interface TaskName {
  readonly upid: string
  readonly node: string
  readonly pid: number
  /** Clock ticks of the kernel since it was started, a hundredth of a second each. */
  readonly pstart: number
  readonly starttime: number
  readonly type: string
  readonly id: string
  /** With the token, if there is one. */
  readonly user: string
}

const MS_PER_TICK = 10
const MAX_PID = 4_194_304
const UPID =
  /^UPID:([a-zA-Z0-9][a-zA-Z0-9-]*):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([^:\s/]+):([^:\s/]*):([^:\s/]+):$/

/** A name for a task that begins now. */
export function newUpid(node: string, { type, vmid }: TaskKind, user: string): string {
  const numbers = [
    randomInt(1_000, MAX_PID),
    Math.trunc(hostMonotonicMs() / MS_PER_TICK),
    Math.trunc(Date.now() / MS_PER_SECOND),
  ].map(value => value.toString(16).toUpperCase().padStart(8, '0'))
  return `UPID:${node}:${numbers.join(':')}:${type}:${vmid}:${user}:`
}

/** Undefined for what is no name of a task. */
export function parseUpid(upid: string): TaskName | undefined {
  const found = UPID.exec(upid)
  if (found === null) return undefined
  const [, node = '', pid = '', pstart = '', starttime = '', type = '', id = '', user = ''] = found
  const number = (text: string) => Number.parseInt(text, 16)
  return { upid, node, pid: number(pid), pstart: number(pstart), starttime: number(starttime), type, id, user }
}
