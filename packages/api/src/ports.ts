import type { ContainerFacts } from './host/container-facts.ts'
import type { HostCommand } from './pct/commands.ts'

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
   * throws, the command is not run.
   * @throws {AutoscaleError} by what the command says (CONTAINER_LOCKED, NO_QUORUM, ...), PCT_MISSING, PCT_TIMEOUT, PCT_FAILED
   */
  run(command: HostCommand, beforeStart?: () => void): Promise<CommandOutput>
}

/** What the routes know of the containers of this node. */
export interface Containers {
  /** The numbers of all containers of this node, ascending. */
  list(): Promise<readonly number[]>
  /** @throws {AutoscaleError} CONTAINER_NOT_FOUND, HOST_UNREADABLE */
  read(vmid: number): Promise<ContainerFacts>
}
