import fc from 'fast-check'

/** The same cases in each run, so that a failure is one of the change. `SEED=$RANDOM` looks for what nobody knows yet. */
fc.configureGlobal({ seed: Number(process.env.SEED ?? 1_006) })
