import { useLayoutEffect, useRef } from 'preact/hooks'
import { ChangeFacts } from '../history/change-facts.tsx'
import { momentText } from './axis-text.ts'
import { markText } from './mark-buttons.tsx'
import type { MarkGroup } from './marks.ts'

/** A group of marks that is looked at, and where its button is. */
export interface OpenedMarks {
  readonly group: MarkGroup
  readonly button: HTMLElement
}

/** Room that is kept to the edge of the window. */
const EDGE_PX = 8

/** What happened, why and by whom, beside its mark. Escape and a click elsewhere close it, and the focus goes back. */
export function MarkPopover({ opened, onClose }: { readonly opened: OpenedMarks; readonly onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  const { group, button } = opened
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    element.showPopover()
    placeBeside(element, button.getBoundingClientRect())
    element.focus()
  }, [button])
  // What opens next gives the focus back to where it was: the mark, not what is gone by then.
  const close = () => {
    box.current?.hidePopover()
    button.focus()
  }
  const toggled = ({ newState }: { readonly newState: string }) => {
    if (newState !== 'closed') return
    if (document.activeElement === document.body || box.current?.contains(document.activeElement)) button.focus()
    onClose()
  }
  return (
    <div
      ref={box}
      popover="auto"
      class="mark-popover"
      role="dialog"
      aria-label={group.marks.length === 1 ? 'What happened here' : `${group.marks.length} things happened here`}
      tabIndex={-1}
      onToggle={toggled}
    >
      {group.marks.toReversed().map(mark =>
        mark.entry === undefined ? (
          <p key={mark.timeS}>
            {momentText(mark.timeS)}: {markText(mark)}
          </p>
        ) : (
          <ChangeFacts entry={mark.entry} beforeUndo={close} key={mark.entry.id} />
        ),
      )}
      <button type="button" onClick={close}>
        Close
      </button>
    </div>
  )
}

function placeBeside(box: HTMLElement, { left, bottom, top, width }: DOMRect): void {
  const most = { left: innerWidth - box.offsetWidth - EDGE_PX, top: innerHeight - box.offsetHeight - EDGE_PX }
  const isRoomBelow = bottom + EDGE_PX <= most.top
  const wanted = {
    left: left + width / 2 - box.offsetWidth / 2,
    top: isRoomBelow ? bottom + EDGE_PX : top - box.offsetHeight - EDGE_PX,
  }
  box.style.left = `${Math.max(Math.min(wanted.left, most.left), EDGE_PX)}px`
  box.style.top = `${Math.max(Math.min(wanted.top, most.top), EDGE_PX)}px`
}
