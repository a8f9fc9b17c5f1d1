import { useRef, useState } from 'preact/hooks'
import { entryText } from '../history/change-steps.ts'
import { momentText } from './axis-text.ts'
import type { Span } from './chart.ts'
import type { Mark, MarkGroup } from './marks.ts'

interface MarkButtonsProps {
  readonly label: string
  readonly groups: readonly MarkGroup[]
  readonly span: Span
  /** Where the y axis ends. */
  readonly top: number
  readonly onOpen: (group: MarkGroup, button: HTMLElement) => void
}

const MARK_SIGNS: Readonly<Record<MarkGroup['kind'], string>> = { up: '▲', down: '▼', kill: '✕', mixed: '◆' }

/** What happened, on the curve. One stop of the tab key; the arrow keys go from mark to mark. */
export function MarkButtons({ label, groups, span, top, onOpen }: MarkButtonsProps) {
  const bar = useRef<HTMLDivElement>(null)
  const [chosen, setChosen] = useState(groups.length - 1)
  const active = Math.min(Math.max(chosen, 0), groups.length - 1)
  if (groups.length === 0) return null

  function go(event: KeyboardEvent): void {
    const to = { ArrowLeft: active - 1, ArrowRight: active + 1, Home: 0, End: groups.length - 1 }[event.key]
    const button = to === undefined ? undefined : bar.current?.children[to]
    if (to === undefined || !(button instanceof HTMLElement)) return
    event.preventDefault()
    setChosen(to)
    button.focus()
  }

  return (
    <div ref={bar} role="toolbar" aria-label={label} onKeyDown={go}>
      {groups.map((group, at) => (
        <button
          type="button"
          class={`mark mark-${group.kind}`}
          key={`${group.kind} ${group.marks[0]?.timeS}`}
          tabIndex={at === active ? 0 : -1}
          aria-haspopup="dialog"
          aria-label={groupText(group)}
          style={placeOf(group, span, top)}
          onFocus={() => setChosen(at)}
          onClick={({ currentTarget }) => onOpen(group, currentTarget)}
        >
          <span aria-hidden="true">{group.marks.length > 1 ? group.marks.length : MARK_SIGNS[group.kind]}</span>
        </button>
      ))}
    </div>
  )
}

function placeOf({ timeS, value }: MarkGroup, { fromS, toS }: Span, top: number) {
  const height = value === undefined ? 1 : Math.min(value / top, 1)
  return { left: `${(100 * (timeS - fromS)) / (toS - fromS)}%`, top: `${100 * (1 - height)}%` }
}

function groupText({ marks }: MarkGroup): string {
  const [first] = marks
  if (first !== undefined && marks.length === 1) return `${momentText(first.timeS)}: ${markText(first)}`
  return `${marks.length} marks, ${momentText(first?.timeS ?? 0)} to ${momentText(marks.at(-1)?.timeS ?? 0)}`
}

/** What happened, in words. */
export function markText({ entry, kills = 0 }: Mark): string {
  if (entry !== undefined) return entryText(entry)
  return `${kills} ${kills === 1 ? 'process was' : 'processes were'} killed for want of memory`
}
