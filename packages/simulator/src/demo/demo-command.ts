import { DEMO_HELP, parseDemoOptions } from './demo-options.ts'
import { type DemoSurroundings, runDemo } from './run-demo.ts'

/** `scripts/demo WORDS`; gives the exit code: 0 it ran and ended, 1 it could not, 2 the words are wrong. */
export async function demoCommand(
  words: readonly string[],
  surroundings: DemoSurroundings & { complain(text: string): void },
): Promise<number> {
  let options: ReturnType<typeof parseDemoOptions>
  try {
    options = parseDemoOptions(words)
  } catch (error) {
    surroundings.complain(`demo: ${textOf(error)}\n\n${DEMO_HELP}`)
    return 2
  }
  if (options === undefined) {
    surroundings.print(DEMO_HELP)
    return 0
  }
  try {
    await runDemo(options, surroundings)
    return 0
  } catch (error) {
    surroundings.complain(`demo: ${textOf(error)}\n`)
    return 1
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
