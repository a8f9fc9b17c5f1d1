const MS_PER_MINUTE = 60_000
const MS_PER_HOUR = 60 * MS_PER_MINUTE
const MS_PER_DAY = 24 * MS_PER_HOUR

/** Constants that were tried instead of those in force: a name, what it tries, and what it changes in ADAPTIVE_PARAMETERS. */
export const ALTERNATIVES = [
  safe('whole leap', 'the whole of the largest leap of two weeks comes on top of the peak', { leapShare: 1 }),
  safe('quarter leap', 'a quarter of the largest leap', { leapShare: 0.25 }),
  safe('no leap', 'the peak of two weeks and 15 %, whatever leaps', { leapShare: 0 }, { smallestMargin: 0.15 }),
  safe(
    'highest ever',
    'the highest peak ever and 10 %',
    { leapShare: 0, rememberMs: 60 * MS_PER_DAY },
    { smallestMargin: 0.1 },
  ),
  safe('three days', 'a peak is forgotten after three days', { rememberMs: 3 * MS_PER_DAY }),
  safe('a month', 'a peak is provided for for a month', { rememberMs: 30 * MS_PER_DAY }),
  memory('margin from 2 %', 'what never leaps gets 2 % more than its peak', { smallestMargin: 0.02 }),
  memory('margin from 10 %', 'what never leaps gets 10 % more than its peak', { smallestMargin: 0.1 }),
  memory('steepest of a day', 'room for one more rise as steep as the steepest of a day', { riseMs: MS_PER_DAY }),
  memory('down after ten minutes', 'memory goes down to the most that was wanted in ten minutes', {
    holdMs: 10 * MS_PER_MINUTE,
  }),
  cpu('one rule', 'the peak of an hour or what is usual, and 15 %: nothing to choose from', {
    lifts: [0],
    margins: [0.15],
  }),
  cpu('four margins', 'no lift, so that eight sizers are left', { lifts: [0], margins: [0, 0.07, 0.15, 0.35] }),
  cpu('twice the sizers', 'more lifts and margins to choose from', {
    lifts: [0, 0.1, 0.2, 0.5, 1],
    margins: [0, 0.03, 0.05, 0.07, 0.12, 0.2, 0.35],
  }),
  cpu('only own evidence', 'what is typical of others counts for a tenth of an hour', { typicalDays: 0.004 }),
  cpu('typical for three days', 'what is typical of others counts for three days', { typicalDays: 3 }),
  cpu('bills of two days', 'bills fade with a half-life of two days', { billHalfLifeMs: 2 * MS_PER_DAY }),
  cpu('bills of two weeks', 'bills fade with a half-life of two weeks', { billHalfLifeMs: 14 * MS_PER_DAY }),
  cpu('recent is an hour', 'the shorter of the two peaks is as long as the other', { recentMs: MS_PER_HOUR }),
  cpu('recent is ten minutes', 'the shorter of the two peaks is that of ten minutes', { recentMs: 10 * MS_PER_MINUTE }),
  cpu('lift to a week', 'levels are lifted towards the peak of a week', { longMs: 7 * MS_PER_DAY }),
  cpu('down after 20 minutes', 'cores go down to the most that was wanted in 20 minutes', {
    holdMs: 20 * MS_PER_MINUTE,
  }),
  cpu('eight changes a day', 'half as many changes before they must be worth more', { tokensPerDay: 8, tokensKept: 8 }),
]

function cpu(name, tries, changes) {
  return { name, tries, changes: { cpu: changes } }
}

function memory(name, tries, changes) {
  return { name, tries, changes: { memory: changes } }
}

/** Of the default level of `memory_safety`. */
function safe(name, tries, level, others = {}) {
  return memory(name, tries, { safety: { safe: level }, ...others })
}
