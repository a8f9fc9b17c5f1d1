import type { CommandSpec } from '../schema/option-spec.ts'
import type { Context } from './context.ts'
import type { Arguments } from './parse-arguments.ts'

/** One command of `pct`. */
export interface Command extends CommandSpec {
  /** @throws {Failure} when the command fails */
  run(context: Context, args: Arguments): Promise<number | undefined>
}

/** The container that a command is for. */
export function vmidOf({ values }: Arguments): number {
  return Number(values['vmid'])
}
