import { statSync } from 'node:fs'
import { MS_PER_MINUTE } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceJson, replaceText } from '../files/json-file.ts'
import { isOnline } from '../host/cluster-files.ts'
import { nodePaths } from '../host/cluster-place.ts'
import type { HostIdentity } from '../host/host-identity.ts'
import type { HostSettings } from '../host/settings.ts'
import type { RrdLine } from './rrd-lines.ts'

/** Source: pve-cluster, pmxcfs/status.c, rrd_entry_is_old. */
const EXPIRES_MS = 5 * MS_PER_MINUTE

/** What a node has sent to all that could hear it. */
interface Sent {
  readonly sentAtMs: number
  readonly lines: readonly RrdLine[]
}

/** Sends the lines of this node; time is that of the machine, which all nodes share. */
export function sendRrdLines(paths: HostPaths, sent: Sent): void {
  replaceJson(sentFile(paths), sent)
}

/** What one node's pmxcfs has heard of the others and of itself: its `/etc/pve/.rrd`. */
export class RrdDump {
  readonly #paths: HostPaths
  readonly #identity: HostIdentity
  readonly #entries = new Map<string, { readonly figures: string; readonly sentAtMs: number }>()
  /** Node -> time of change of the last that was heard of it. */
  readonly #heard = new Map<string, number>()
  #written: string | undefined

  constructor(paths: HostPaths, identity: HostIdentity) {
    this.#paths = paths
    this.#identity = identity
  }

  /** Hears what was sent by the nodes that are up, forgets what is old, and writes the file when something is new. */
  refresh(settings: HostSettings, nowMs: number): void {
    const news = settings.nodes
      .filter(node => isOnline(settings, this.#identity, node))
      .flatMap(node => this.#newsOf(node) ?? [])
      .sort((a, b) => a.sentAtMs - b.sentAtMs)
    for (const { lines, sentAtMs } of news) {
      for (const [key, figures] of lines) this.#entries.set(key, { figures, sentAtMs })
    }
    for (const [key, { sentAtMs }] of this.#entries) if (nowMs - sentAtMs > EXPIRES_MS) this.#entries.delete(key)
    this.#write()
  }

  #newsOf(node: string): Sent | undefined {
    const paths = node === this.#identity.node ? this.#paths : nodePaths(this.#paths, node)
    if (paths === undefined) return undefined
    const changedMs = statSync(sentFile(paths), { throwIfNoEntry: false })?.mtimeMs
    if (changedMs === undefined || this.#heard.get(node) === changedMs) return undefined
    const text = readIfThere(sentFile(paths))
    this.#heard.set(node, changedMs)
    return text === undefined ? undefined : JSON.parse(text)
  }

  /** A NUL ends the text, even an empty one. Source: cfs_rrd_dump. */
  #write(): void {
    const text = `${[...this.#entries].map(([key, { figures }]) => `${key}:${figures}\n`).join('')}\0`
    if (text === this.#written) return
    replaceText(`${this.#paths.pve}/.rrd`, text)
    this.#written = text
  }
}

function sentFile(paths: HostPaths): string {
  return `${paths.state}/rrd-lines.json`
}
