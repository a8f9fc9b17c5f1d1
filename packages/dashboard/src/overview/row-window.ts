/** Beside what is seen, so that there is something already when it is scrolled to. */
const BESIDE = 12
/** The window moves on by so many rows at once. */
export const STEP = 6

export interface RowWindow {
  readonly first: number
  /** After the last one. */
  readonly end: number
}

interface View {
  /** Where the first row begins, from the top of what is seen. */
  readonly top: number
  readonly rowPx: number
  readonly viewPx: number
}

export function rowsInView({ top, rowPx, viewPx }: View): RowWindow {
  const first = Math.floor(Math.max(0, -top / rowPx - BESIDE) / STEP) * STEP
  const end = Math.ceil((Math.max(0, viewPx - top) / rowPx + BESIDE) / STEP) * STEP
  return { first, end: Math.max(end, first + STEP) }
}
