import type { Context } from '../pct/context.ts'
import type { Parameters } from './parameters.ts'
import type { TaskList } from './task-list.ts'
import type { Asker } from './tokens.ts'

/** A request once it is known who asks and which host it is for. */
export interface RestRequest {
  readonly context: Context
  readonly asker: Asker
  /** Without `/api2/json`. */
  readonly path: string
  /** The node in the path; undefined when it names none. */
  readonly node: string | undefined
  readonly parameters: Parameters
  readonly tasks: TaskList
}
