import { parseArgs } from 'node:util'
import { FAULTS } from './faults/index.ts'

export interface ProveOptions {
  readonly minutes: number
  readonly seed: number
  readonly firstRound: number
  readonly roundMs: number
  /** Undefined: few, now and then many. */
  readonly containers: number | undefined
  readonly faults: readonly string[]
  readonly replay: string | undefined
  /** How often it is replayed. */
  readonly times: number
  readonly shrinkMinutes: number
  readonly failureFile: string | undefined
  readonly recordFile: string | undefined
  readonly isJson: boolean
  readonly writesDocs: boolean
}

const USAGE = `usage: npm run prove -- [options]

  --minutes M        how long (default 2)
  --seed S           what the schedules are made from (default: another one each time)
  --round N          begin with this round of the seed
  --round-seconds N  how long faults are made in a round (default 22)
  --containers N     in each round so many, 1 to 500 (default: few, now and then many)
  --faults A,B       only these: ${FAULTS.map(({ name }) => name).join(' ')}
  --replay FILE      the schedule that a failing run wrote
  --times N          replay it so often (default 1)
  --shrink-minutes M how long a shorter schedule is looked for after a failure (default 5; 0: not at all)
  --failure FILE     where the shortest schedule goes (default: in the folder for temporary files)
  --record FILE      write all that was seen of the last round
  --write-docs       write docs/proof.md from this run
  --json             one JSON object instead of text
`

/** The options, or what to tell whoever gave wrong ones. */
export function parseOptions(words: readonly string[]): ProveOptions | string {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        minutes: { type: 'string', default: '2' },
        seed: { type: 'string' },
        round: { type: 'string', default: '0' },
        'round-seconds': { type: 'string', default: '22' },
        containers: { type: 'string' },
        faults: { type: 'string' },
        replay: { type: 'string' },
        times: { type: 'string', default: '1' },
        'shrink-minutes': { type: 'string', default: '5' },
        failure: { type: 'string' },
        record: { type: 'string' },
        'write-docs': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return USAGE
    const faults = values.faults?.split(',') ?? FAULTS.map(({ name }) => name)
    const unknown = faults.filter(fault => !FAULTS.some(({ name }) => name === fault))
    if (unknown.length > 0) throw new Error(`no fault ${unknown.join(', ')}`)
    return {
      minutes: number(values.minutes, 'minutes', 0, 10_000),
      seed: values.seed === undefined ? Date.now() % 1_000_000 : number(values.seed, 'seed', 0, 2 ** 32 - 1),
      firstRound: number(values.round, 'round', 0, 1_000_000),
      roundMs: number(values['round-seconds'], 'round-seconds', 1, 3_600) * 1_000,
      containers: values.containers === undefined ? undefined : number(values.containers, 'containers', 1, 500),
      faults,
      replay: values.replay,
      times: number(values.times, 'times', 1, 1_000),
      shrinkMinutes: number(values['shrink-minutes'], 'shrink-minutes', 0, 1_000),
      failureFile: values.failure,
      recordFile: values.record,
      isJson: values.json,
      writesDocs: values['write-docs'],
    }
  } catch (error) {
    return `prove: ${error instanceof Error ? error.message : error}\n${USAGE}`
  }
}

function number(text: string, name: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= min && value <= max) return value
  throw new Error(`--${name} must be a number from ${min} to ${max}, not '${text}'`)
}
