/** The name of a task of Proxmox. */
export interface Upid {
  /** As it is given to Proxmox again. */
  readonly text: string
  /** Where it runs. */
  readonly node: string
  /** Hexadecimal seconds since 1970. */
  readonly startSeconds: number
}

/** Source: PVE::UPID, decode. */
const UPID = /^UPID:([A-Za-z0-9][A-Za-z0-9-]*):[0-9A-F]{8}:[0-9A-F]{8,9}:([0-9A-F]{8}):[^:/\s]+:[^:/\s]*:[^:/\s]+:$/

/** Undefined when `answer` names no task. */
export function parseUpid(answer: unknown): Upid | undefined {
  if (typeof answer !== 'string') return undefined
  const [text, node = '', start = ''] = UPID.exec(answer) ?? []
  return text === undefined ? undefined : { text, node, startSeconds: Number.parseInt(start, 16) }
}
