/** A sparkline: so many steps of so many seconds. */
export const SPARK_STEP_SECONDS = 300
export const SPARK_STEPS = 48
/** `GET /events` is never silent for longer. */
export const BEAT_SECONDS = 15
