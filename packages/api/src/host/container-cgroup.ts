import { BYTES_PER_MB } from '@lxc-autoscale/core'
import {
  type CgroupFiles,
  type CgroupLayout,
  controllerFolder,
  flatKeyed,
  type HostFiles,
  isRunning,
  type KernelFile,
  type Limits,
  OPTIONAL,
  openCpuAllowance,
  openMemory,
  openMemoryLimit,
  openSwapLimit,
} from '@lxc-autoscale/host'

const parsePopulated = flatKeyed(['populated'])

/** The memory of a container as the kernel counts it at this moment, bytes. */
export interface MemoryFacts {
  /** What the kernel cannot reclaim. */
  readonly floorBytes: number
  /** Without page cache, with shared memory. */
  readonly usageBytes: number
}

/** Which run of which container, and where it is. */
export interface ContainerRun {
  readonly vmid: number
  readonly layout: CgroupLayout
  /** Where its memory is accounted. */
  readonly folder: string
  /** The inode of that folder. */
  readonly runId: number
}

/** The cgroup of one run of a container, whose files stay open from one look to the next. Each figure is read anew. */
export class ContainerCgroup {
  readonly #hostFiles: HostFiles
  readonly #run: ContainerRun
  readonly #files: KernelFile[] = []
  readonly #events: KernelFile | undefined
  readonly #cpu: ReturnType<typeof openCpuAllowance>
  readonly #memoryLimit: () => number | undefined
  readonly #swapLimit: () => number | undefined
  readonly #memory: ReturnType<typeof openMemory>

  constructor(files: HostFiles, run: ContainerRun, hostBytes: () => number | undefined) {
    this.#hostFiles = files
    this.#run = run
    const cgroup: CgroupFiles = { layout: run.layout, file: (...named) => this.#file(...named) }
    this.#events = run.layout.kind === 'unified' ? cgroup.file('memory', 'cgroup.events', OPTIONAL) : undefined
    this.#cpu = openCpuAllowance(files, cgroup, () => undefined)
    this.#memoryLimit = openMemoryLimit(cgroup)
    this.#swapLimit = openSwapLimit(cgroup)
    this.#memory = openMemory(files, cgroup, hostBytes)
  }

  /** Whether it is that run, and has all its files: one that was not there is looked for again only by who opens all anew. */
  isStill({ folder, runId }: Pick<ContainerRun, 'folder' | 'runId'>): boolean {
    const isSame = this.#run.runId === runId && this.#run.folder === folder
    return isSame && this.#files.every(({ absence }) => absence === undefined)
  }

  get runId(): number {
    return this.#run.runId
  }

  get isRunning(): boolean {
    const [populated] = this.#events?.read(parsePopulated) ?? []
    return populated === undefined ? isRunning(this.#hostFiles, this.#run.layout, this.#run.vmid) : populated === 1
  }

  inForce(): Limits {
    const { cpusetCores, quotaCores } = this.#cpu()
    return {
      cores: cpusetCores,
      cpuLimit: limitOf(quotaCores),
      memoryMb: megabytes(limitOf(this.#memoryLimit())),
      swapMb: megabytes(limitOf(this.#swapLimit())),
    }
  }

  memory(): MemoryFacts | undefined {
    const { usedBytes, floorBytes } = this.#memory()
    return usedBytes === undefined || floorBytes === undefined ? undefined : { usageBytes: usedBytes, floorBytes }
  }

  close(): void {
    for (const file of this.#files) file.close()
  }

  #file(...[controller, name, options]: Parameters<CgroupFiles['file']>): KernelFile | undefined {
    const folder = controllerFolder(this.#run.layout, controller, this.#run.vmid)
    if (folder === undefined) return undefined
    const file = this.#hostFiles.file(folder, name, options)
    this.#files.push(file)
    return file
  }
}

function limitOf(value: number | undefined): number | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : value
}

function megabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.round((bytes / BYTES_PER_MB) * 100) / 100
}
