/** Constants that were tried instead of those in force: a name, what it tries, and what it changes in ADAPTIVE_PARAMETERS. */
export const ALTERNATIVES = []
