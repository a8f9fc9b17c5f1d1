/** Exit codes that the commands leave. Source: seen on the real commands; most are errno values of what ran before. */
export const EXIT = {
  unknownPath: 1,
  missing: 2,
  refused: 2,
  usage: 2,
  lockTimeout: 4,
  unknownNode: 11,
  busy: 16,
  hotplug: 22,
  resize: 25,
  connection: 111,
  other: 255,
} as const

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

  constructor(problems: Readonly<Record<string, string>>, exitCode: number = EXIT.usage) {
    super(`400 Parameter verification failed.\n${problemLines(problems)}`, exitCode)
    this.problems = problems
  }
}

/** The command line itself is wrong: `400 not enough arguments`. */
export class UsageFailure extends Failure {
  constructor(message: string, exitCode: number = EXIT.usage) {
    super(`400 ${message}\n`, exitCode)
  }
}

/** One line for each name. */
export function problemLines(problems: Readonly<Record<string, string>>): string {
  return Object.entries(problems)
    .map(([name, text]) => `${name}: ${text}\n`)
    .join('')
}
