import type { ContainerFacts } from './host/container-facts.ts'

/** The programs that are run: those of Proxmox, and one that prints a file which only root may read. */
type HostProgram = 'pct' | 'pvesh' | 'pvecm' | 'base64'

/** Which time limit of the configuration a command has. */
export type CommandKind = 'set' | 'read' | 'resize' | 'snapshot' | 'clone' | 'power' | 'destroy'

/** A request to the REST interface of Proxmox. */
export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api2/json`, made of checked names only. */
  readonly path: string
  readonly form?: Readonly<Record<string, string>>
  /** Whether the answer names a task, with whose end the command ends. */
  readonly isTask: boolean
  /** Kind of the task that this one starts and does not wait for, with whose end the command ends then. */
  readonly startsTask?: 'vzstart'
  /** What the program would print of the answer's data; as JSON when it is left out. */
  readonly print?: (data: unknown) => string
}

/** One thing that Proxmox is asked to do, in both ways of asking. */
export interface HostCommand {
  /** As it is given to the kernel: a program and its arguments, never a line for a shell. */
  readonly program: HostProgram
  readonly args: readonly string[]
  readonly kind: CommandKind
  /** As a request about the guests of `node`. */
  rest(node: string): RestCall
}

/** What a command printed, or what the program would have. It ended with exit code 0. */
export interface CommandOutput {
  /** Of a task of the REST interface: its log. */
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

/** Runs the commands of Proxmox. The only way to change anything on the host. */
export interface HostCommands {
  /**
   * Runs one command to its end. `beforeStart` is called when its turn has come, right before it is started; when it
   * throws, the command is not run. What it gives stops the command when it is aborted, where it can be stopped (a request
   * cannot); then the command has failed, and what it left is to be looked at.
   * @throws {AutoscaleError} by what the command says (CONTAINER_LOCKED, NO_QUORUM, ...), PCT_MISSING, PCT_TIMEOUT, PCT_FAILED,
   * REST_UNREACHABLE, REST_NOT_ALLOWED
   */
  run(command: HostCommand, beforeStart?: () => AbortSignal | undefined): Promise<CommandOutput>
  /**
   * Waits until nothing is at work on the container any more that an earlier daemon may have left behind, or that nobody heard
   * the end of: what it has is known only then. Gives whether that is so; not longer than `mostMs`.
   */
  leftEnded(vmid: number, wait: LeftWait): Promise<boolean>
}

export interface LeftWait {
  readonly mostMs: number
  readonly signal: AbortSignal
}

/** What the routes know of the containers of this node. */
export interface Containers {
  /** The numbers of all containers of this node, ascending. */
  list(): Promise<readonly number[]>
  /** @throws {AutoscaleError} CONTAINER_NOT_FOUND, HOST_UNREADABLE */
  read(vmid: number): Promise<ContainerFacts>
}
