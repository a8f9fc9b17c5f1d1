import type { Context } from './context.ts'
import { Failure } from './failure.ts'

/**
 * Runs the work of a task, as `pct` does it in a child of its own: what it prints on stderr comes out on stdout, and only
 * its last error is on stderr, in one line. Exit code 255, whatever went wrong.
 */
export async function runWorker(context: Context, work: (context: Context) => Promise<void>): Promise<void> {
  const { output } = context
  const merged = { out: (text: string) => output.out(text), err: (text: string) => output.out(text) }
  try {
    await work({ ...context, output: merged })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(error.message.replace(/\n+$/, '').replaceAll('\n', ' '))
  }
}

/** The same for `pct resize`, which forgets to look at how its task ended: the error is shown, the exit code is 0. */
export async function runUncheckedWorker(context: Context, work: (context: Context) => Promise<void>): Promise<void> {
  try {
    await runWorker(context, work)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.output.err(`${error.message}\n`)
  }
}
