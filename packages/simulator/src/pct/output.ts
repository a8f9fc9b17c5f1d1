/** Where a command prints. */
export interface Output {
  out(text: string): void
  err(text: string): void
}

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Keeps what is printed. */
export class CollectedOutput implements Output {
  #stdout = ''
  #stderr = ''

  out(text: string): void {
    this.#stdout += text
  }

  err(text: string): void {
    this.#stderr += text
  }

  result(exitCode: number): CommandResult {
    return { stdout: this.#stdout, stderr: this.#stderr, exitCode }
  }
}
