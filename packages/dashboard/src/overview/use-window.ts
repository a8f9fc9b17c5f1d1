import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** So many rows are all drawn: what is there can be found by the browser's own search. */
const ALL_DRAWN = 120
/** Beside what is seen, so that there is something already when it is scrolled to. */
const BESIDE = 12
/** The window moves on by so many rows at once. */
const STEP = 6

export interface RowWindow {
  readonly first: number
  /** After the last one. */
  readonly end: number
}

/** Which of `count` rows of this height are drawn, as the page is scrolled. */
export function useWindow(list: RefObject<HTMLElement | null>, count: number, rowPx: number): RowWindow {
  const [seen, setSeen] = useState<RowWindow>({ first: 0, end: ALL_DRAWN })
  const isWhole = count <= ALL_DRAWN
  useLayoutEffect(() => {
    if (isWhole) return
    let frame = 0
    const look = () => {
      frame = 0
      const top = list.current?.getBoundingClientRect().top ?? 0
      const next = rowsInView({ top, rowPx, viewPx: innerHeight })
      setSeen(before => (before.first === next.first && before.end === next.end ? before : next))
    }
    const later = () => {
      if (frame === 0) frame = requestAnimationFrame(look)
    }
    look()
    addEventListener('scroll', later, { passive: true })
    addEventListener('resize', later)
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('scroll', later)
      removeEventListener('resize', later)
    }
  }, [list, isWhole, rowPx])
  if (isWhole) return { first: 0, end: count }
  const first = Math.max(0, Math.min(seen.first, count - STEP))
  return { first, end: Math.max(first, Math.min(seen.end, count)) }
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
