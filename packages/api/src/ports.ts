import type { ContainerFacts } from './host/container-facts.ts'

/** The programs of Proxmox that are run. */
type HostProgram = 'pct' | 'pvesh' | 'pvecm'

/** Which time limit of the configuration a command has. */
export type CommandKind = 'set' | 'read' | 'resize' | 'snapshot' | 'clone' | 'power' | 'destroy'

/** A command as it is given to the kernel: a program and its arguments, never a line for a shell. */
export interface HostCommand {
  readonly program: HostProgram
  readonly args: readonly string[]
  readonly kind: CommandKind
}

/** What a command printed. It ended with exit code 0. */
export interface CommandOutput {
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

/** Runs the commands of Proxmox. The only way to change anything on the host. */
export interface HostCommands {
  /**
   * Runs one command to its end. `beforeStart` is called when its turn has come, right before it is started; when it
   * throws, the command is not run. What it gives stops the command when it is aborted; then the command has failed, and
   * what it left is to be looked at.
   * @throws {AutoscaleError} by what the command says (CONTAINER_LOCKED, NO_QUORUM, ...), PCT_MISSING, PCT_TIMEOUT, PCT_FAILED
   */
  run(command: HostCommand, beforeStart?: () => AbortSignal | undefined): Promise<CommandOutput>
}

/** What the routes know of the containers of this node. */
export interface Containers {
  /** The numbers of all containers of this node, ascending. */
  list(): Promise<readonly number[]>
  /** @throws {AutoscaleError} CONTAINER_NOT_FOUND, HOST_UNREADABLE */
  read(vmid: number): Promise<ContainerFacts>
}
