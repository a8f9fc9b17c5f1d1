import {
  type CgroupFiles,
  type CgroupLayout,
  type Controller,
  controllerFolder,
  type FileOptions,
  findInitPid,
  type HostFiles,
  type KernelFile,
  type KernelText,
  MOST_PROCESSES,
} from '@lxc-autoscale/host'
import { CgroupTree } from './cgroup-tree.ts'

const LOOKS_BETWEEN_VAIN_SEARCHES = 30

/** What a run of a container is made from. */
export interface RunFacts {
  readonly vmid: number
  /** Inode of its cgroup: another one means that the container was started again. */
  readonly runId: number
  readonly layout: CgroupLayout
  /** Its cgroup in the tree that has its processes. */
  readonly folder: string
  readonly proc: string
}

/** One run of a container, from its start to its stop. */
export class ContainerRun implements CgroupFiles {
  readonly vmid: number
  readonly runId: number
  readonly #facts: RunFacts
  readonly #files: HostFiles
  readonly #tree: CgroupTree
  /** What was opened for it. */
  readonly #opened: { close(): void }[] = []
  #processCount: number | undefined
  #processesBefore: number | undefined
  #initPid: number | undefined
  /** With how many processes the init was last looked for in vain, and how many looks ago. */
  #vainSearch: { readonly processCount: number | undefined; looksAgo: number } | undefined

  constructor(files: HostFiles, facts: RunFacts) {
    this.vmid = facts.vmid
    this.runId = facts.runId
    this.#facts = facts
    this.#files = files
    this.#tree = new CgroupTree(files, facts.folder, 'cgroup.procs')
  }

  get layout(): CgroupLayout {
    return this.#facts.layout
  }

  get proc(): string {
    return this.#facts.proc
  }

  /** Processes (not threads) in all its cgroups at the last `look`; undefined when they could not be read. */
  get processCount(): number | undefined {
    return this.#processCount
  }

  /** The most processes that it can have had since the last but one `look`, those that ended since left out. */
  get mostProcesses(): number {
    return Math.max(this.#processCount ?? MOST_PROCESSES, this.#processesBefore ?? MOST_PROCESSES)
  }

  /** Whether its cgroup was removed before the last `look`. */
  get isGone(): boolean {
    return this.#tree.isEmpty
  }

  /** The process that is number 1 inside it; undefined when it was not found. */
  get initPid(): number | undefined {
    return this.#initPid
  }

  /** A file of its own limits and accounting for one controller; undefined when the host has not mounted that. */
  file(controller: Controller, name: string, options?: FileOptions): KernelFile | undefined {
    const folder = this.#folder(controller)
    return folder === undefined ? undefined : this.#toBeClosed(this.#files.file(folder, name, options))
  }

  /** One file in each of its cgroups for one controller; undefined when the host has not mounted that. */
  tree(controller: Controller, name: string): CgroupTree | undefined {
    const folder = this.#folder(controller)
    return folder === undefined ? undefined : this.#toBeClosed(new CgroupTree(this.#files, folder, name))
  }

  /** Counts its processes, and looks for its init when that is not known. */
  look(): void {
    this.#processesBefore = this.#processCount
    this.#processCount = this.#tree.sum(countLines)
    if (this.#initPid === undefined && this.#isWorthSearching()) this.#findInit()
  }

  /** To be called when the files of its init are gone: the next `look` looks for another one. */
  loseInit(): void {
    this.#initPid = undefined
    this.#vainSearch = undefined
  }

  /** Closes all its files. */
  close(): void {
    this.#tree.close()
    for (const opened of this.#opened) opened.close()
    this.#opened.length = 0
  }

  #folder(controller: Controller): string | undefined {
    if (this.layout.kind === 'unified') return this.#facts.folder
    return controllerFolder(this.layout, controller, this.vmid)
  }

  #toBeClosed<Opened extends { close(): void }>(opened: Opened): Opened {
    this.#opened.push(opened)
    return opened
  }

  /** Where the files of processes are hidden from this daemon, a search is in vain, and costs a try per process. */
  #isWorthSearching(): boolean {
    if (this.#processCount === undefined || this.#processCount === 0) return false
    const vain = this.#vainSearch
    if (vain === undefined || vain.processCount !== this.#processCount) return true
    return ++vain.looksAgo >= LOOKS_BETWEEN_VAIN_SEARCHES
  }

  #findInit(): void {
    const procs = [...(this.#tree.read(textOf) ?? [])].sort(([a], [b]) => likelihood(b) - likelihood(a))
    this.#initPid = findInitPid(
      this.proc,
      procs.map(([, text]) => text),
    )
    this.#vainSearch = this.#initPid === undefined ? { processCount: this.#processCount, looksAgo: 0 } : undefined
  }
}

/** systemd keeps the init in `init.scope`, other guests in `ns` itself. */
function likelihood(folder: string): number {
  if (folder.endsWith('/ns/init.scope')) return 2
  return folder.endsWith('/ns') ? 1 : 0
}

/** Undefined when the last line is cut off. */
function countLines({ bytes, length }: KernelText): number | undefined {
  if (length > 0 && bytes[length - 1] !== 10) return undefined
  let count = 0
  for (let at = 0; at < length; at++) if (bytes[at] === 10) count++
  return count
}

function textOf({ bytes, length }: KernelText): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1')
}
