/** Exit codes that the commands leave. Source: contract of pct, measured on the upstream code; most are leaked errno values. */
export const EXIT = { missing: 2, lockTimeout: 4, refused: 2, busy: 16, connection: 111, other: 255 } as const

/** A command that ends with a message on stderr, as a `die` in Perl. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.other) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Options or their values are wrong: a list of problems, and the usage of the command below it. */
export class ParameterFailure extends Failure {
  readonly problems: Readonly<Record<string, string>>

  constructor(problems: Readonly<Record<string, string>>) {
    super(
      `400 Parameter verification failed.\n${Object.entries(problems)
        .map(([name, text]) => `${name}: ${text}\n`)
        .join('')}`,
    )
    this.problems = problems
  }
}

/** The command line itself is wrong: `400 not enough arguments`. */
export class UsageFailure extends Failure {
  constructor(message: string) {
    super(`400 ${message}\n`)
  }
}
