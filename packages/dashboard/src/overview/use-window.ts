import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { type RowWindow, rowsInView, STEP } from './row-window.ts'

/** So many rows are all drawn: what is there can be found by the browser's own search. */
const ALL_DRAWN = 120
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
