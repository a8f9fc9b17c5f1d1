import { readdirSync, readFileSync, statSync } from 'node:fs'
import { systemErrorCode } from '@lxc-autoscale/core'
import type { KernelText, Parse } from '@lxc-autoscale/host'
import { type HostFiles, type KernelFile, OPTIONAL, OPTIONAL_LIST } from '@lxc-autoscale/host'

/** One cgroup in the tree of a container, with the file that is read in each of them. */
interface Branch {
  readonly folder: string
  /** Undefined where the kernel allows no processes. */
  readonly file: KernelFile | undefined
  /** Number of links when its subfolders were listed: it counts them on kernel file systems. */
  readonly links: number
}

/**
 * The cgroups of one container, from the outer one down, and one file of each that can hold processes. What the guest's systemd adds and removes
 * is noticed without listing folders each time: v2 counts the descendants in cgroup.stat, v1 has a link per subfolder,
 * and a removed cgroup makes its open file fail.
 */
export class CgroupTree {
  readonly #files: HostFiles
  readonly #root: string
  readonly #fileName: string
  readonly #stat: KernelFile
  #branches: readonly Branch[] = []
  #descendants: number | undefined

  constructor(files: HostFiles, root: string, fileName: string) {
    this.#files = files
    this.#root = root
    this.#fileName = fileName
    this.#stat = files.file(root, 'cgroup.stat', OPTIONAL)
  }

  /** Whether there was no cgroup at all when it was last read. */
  get isEmpty(): boolean {
    return this.#branches.length === 0
  }

  /** The sum of what `parse` makes of the file in each cgroup; undefined when one of them cannot be read. */
  sum(parse: Parse<number>): number | undefined {
    return this.#gather(parse, zero, add)
  }

  /** What `parse` makes of the file in each cgroup, by folder; undefined when one of them cannot be read. */
  read<Value>(parse: Parse<Value>): ReadonlyMap<string, Value> | undefined {
    return this.#gather(parse, () => new Map<string, Value>(), put)
  }

  close(): void {
    for (const { file } of this.#branches) file?.close()
    this.#stat.close()
    this.#branches = []
  }

  #gather<Value, Result>(parse: Parse<Value>, begin: () => Result, take: Take<Value, Result>): Result | undefined {
    if (!this.#isCurrent()) this.#walk()
    const gathered = this.#gatherKnown(parse, begin(), take)
    if (gathered !== undefined) return gathered
    this.#walk()
    return this.#gatherKnown(parse, begin(), take)
  }

  /** Undefined also when the tree has changed since it was listed. */
  #gatherKnown<Value, Result>(parse: Parse<Value>, begun: Result, take: Take<Value, Result>): Result | undefined {
    let result = begun
    for (const { folder, file } of this.#branches) {
      const value = file?.read(parse)
      if (value !== undefined) result = take(result, value, folder)
      else if (!isWithoutList(file)) return undefined
    }
    return this.#branches.length === 0 ? undefined : result
  }

  #isCurrent(): boolean {
    const descendants = this.#stat.read(parseDescendants)
    const isSame =
      descendants === undefined
        ? this.#branches.every(({ folder, links }) => links > 1 && linksOf(folder) === links)
        : descendants === this.#descendants
    this.#descendants = descendants
    return isSame && this.#branches.length > 0
  }

  /** Lists the tree again; files of cgroups that are still there stay open. */
  #walk(): void {
    const known = new Map(this.#branches.map(branch => [branch.folder, branch.file]))
    const branches: Branch[] = []
    const folders = [this.#root]
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      const links = linksOf(folder)
      if (links === undefined) continue
      const below = subfolders(folder)
      const isEmpty = below.length > 0 && mayHoldNoProcesses(folder)
      branches.push({ folder, file: isEmpty ? undefined : this.#fileOf(folder, known.get(folder)), links })
      folders.push(...below)
    }
    const kept = new Set(branches.map(({ file }) => file))
    for (const { file } of this.#branches) if (!kept.has(file)) file?.close()
    this.#branches = branches
  }

  #fileOf(folder: string, known: KernelFile | undefined): KernelFile {
    if (known !== undefined && known.absence !== 'gone') return known
    return this.#files.file(folder, this.#fileName, OPTIONAL_LIST)
  }
}

type Take<Value, Result> = (result: Result, value: Value, folder: string) => Result

const zero = () => 0
const add = (total: number, count: number) => total + count
const put = <Value>(values: Map<string, Value>, value: Value, folder: string) => values.set(folder, value)

/**
 * Whether there is nothing to read for good: no processes are allowed, or it is a cgroup of threads, whose processes are in
 * the list of the one above it.
 */
function isWithoutList(file: KernelFile | undefined): boolean {
  return file === undefined || file.absence === 'unsupported'
}

const DESCENDANTS = 'nr_descendants '

/** The number in the first line of cgroup.stat. */
function parseDescendants({ bytes, length }: KernelText): number | undefined {
  let count = 0
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0
    if (at >= DESCENDANTS.length && byte === 10) return count
    if (at >= DESCENDANTS.length) count = count * 10 + (byte - 48)
    else if (byte !== DESCENDANTS.charCodeAt(at)) return undefined
  }
  return undefined
}

/**
 * On cgroup v2 a cgroup that hands memory or io on to those below it has no processes of its own.
 * Source: Linux, admin-guide/cgroup-v2.rst, "No Internal Process Constraint".
 */
function mayHoldNoProcesses(folder: string): boolean {
  try {
    return /\b(?:memory|io)\b/.test(readFileSync(`${folder}/cgroup.subtree_control`, 'latin1'))
  } catch (error) {
    // cgroup v1 has no such file.
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}

function linksOf(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.nlink
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => `${folder}/${entry.name}`)
  } catch (error) {
    // The cgroup was removed while the tree was walked.
    if (systemErrorCode(error) === undefined) throw error
    return []
  }
}
