import { z } from 'zod'

/** What can keep the model from deciding, or its decisions from having effect; the words are label values and keys of news. */
export const DECIDING_PROBLEMS = [
  'model_not_running',
  'status_unreadable',
  'no_cycle_yet',
  'cycle_late',
  'clock_set_back',
  'data_stale',
  'metrics_unreadable',
  'key_refused',
  // Who asks gets no answer from the API, and says so; the API itself never does.
  'api_silent',
  'api_failing',
  'breaker_open',
  'allocations_unknown',
  'pauses_unreadable',
  'audit_unreadable',
  'learned_unsaved',
  'dry_run',
  'all_paused',
] as const
export type DecidingProblem = (typeof DECIDING_PROBLEMS)[number]

export const DECIDING_STATES = ['deciding', 'idle', 'stuck'] as const

/** The answer to "is it deciding?", for people and for what watches. */
export const DecidingVerdict = z.object({
  state: z
    .enum(DECIDING_STATES)
    .describe('`idle`: nothing is wrong, but nothing can come of it at present; `stuck`: something is wrong.'),
  text: z.string().describe('One sentence that says it all.'),
  problems: z
    .array(
      z.object({
        code: z.enum(DECIDING_PROBLEMS),
        text: z.string(),
        mend: z.string().describe('A command, or what to set; empty when there is nothing to do but to wait.'),
      }),
    )
    .readonly(),
})
export type DecidingVerdict = Readonly<z.output<typeof DecidingVerdict>>
