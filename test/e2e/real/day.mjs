const MORNING = 0.3
const NOON = 0.5
const EVENING = 0.8

/**
 * Load of a day as a share of its peak: a night of little, a morning in which it rises, a busy day that is not the same from one
 * minute to the next, an evening in which it falls.
 * @param day days since the beginning, fractions allowed
 */
export function loadAt(day) {
  const at = day - Math.floor(day)
  if (at < MORNING) return 0.05
  if (at < NOON) return 0.05 + (0.95 * (at - MORNING)) / (NOON - MORNING)
  if (at < EVENING) return 0.85 + 0.15 * Math.cos((at - NOON) * 40)
  return 0.85 - (0.8 * (at - EVENING)) / (1 - EVENING)
}
