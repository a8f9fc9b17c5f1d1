import type { Context, TaskKind, TaskWork } from './context.ts'
import { Failure } from './failure.ts'
import type { Output } from './output.ts'

/**
 * Runs the work of a task, as `pct` does it in a child of its own: what it prints on stderr comes out on stdout, and only
 * its last error is on stderr, in one line. Exit code 255, whatever went wrong. Over the REST interface it goes on behind the
 * request, even where it is begun by another task.
 */
export async function runWorker(context: Context, kind: TaskKind, work: TaskWork): Promise<void> {
  if (context.beginTask !== undefined) {
    context.beginTask(kind, work)
    return
  }
  const output = new WorkerOutput(context.output)
  try {
    await work({ ...context, output })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(errorLine(error))
  }
  if (output.warnings > 0) context.output.err(`Task finished with ${output.warnings} warning(s)!\n`)
}

/** The same for `pct resize`, which forgets to look at how its task ended: the error is shown, the exit code is 0. */
export async function runUncheckedWorker(context: Context, kind: TaskKind, work: TaskWork): Promise<void> {
  try {
    await runWorker(context, kind, work)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.output.err(`${error.message}\n`)
  }
}

/** What a task prints, all on one stream; its warnings are counted. Source: pve-common, RESTEnvironment.pm, warn. */
export class WorkerOutput implements Output {
  warnings = 0
  readonly #to: Pick<Output, 'out'>

  constructor(to: Pick<Output, 'out'>) {
    this.#to = to
  }

  out(text: string): void {
    if (text.startsWith('WARN: ')) this.warnings++
    this.#to.out(text)
  }

  err(text: string): void {
    this.out(text)
  }
}

/** The error with which a task ends, in one line. */
export function errorLine({ message }: Failure): string {
  return message.replace(/\n+$/, '').replaceAll('\n', ' ')
}

/** What the part that prepares a guest's files says of a distribution that it does not know yet. Source: pve-container, LXC/Setup. */
export function warnOfGuest({ settings, output }: Context): void {
  if (settings.guestWarning !== '') output.err(`WARN: ${settings.guestWarning}\n`)
}
