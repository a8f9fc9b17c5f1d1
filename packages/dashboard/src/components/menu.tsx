import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Glyph } from './glyph.tsx'

export interface MenuItem {
  readonly words: string
  readonly act: () => void
}

interface OpenMenu {
  readonly button: HTMLElement
  readonly label: string
  readonly items: readonly MenuItem[]
}

/** There is one menu on the page: a thousand rows share it. */
const open = signal<OpenMenu | undefined>(undefined)

interface MenuButtonProps {
  /** What the menu is for. */
  readonly label: string
  readonly children?: ComponentChildren
  /** Asked for when it is opened. */
  readonly items: () => readonly MenuItem[]
}

/** A button that opens it; three dots when it holds nothing. */
export function MenuButton({ label, children, items }: MenuButtonProps) {
  const isBare = children === undefined
  return (
    <button
      type="button"
      class={isBare ? 'plain square' : ''}
      aria-label={isBare ? label : undefined}
      aria-haspopup="menu"
      onClick={({ currentTarget: button }) => {
        open.value = { button, label, items: items() }
      }}
    >
      {children ?? <Glyph shape="dots" />}
    </button>
  )
}

export function Menu() {
  return open.value === undefined ? null : <Opened {...open.value} key={open.value.label} />
}

function Opened({ button, label, items }: OpenMenu) {
  const menu = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const { current } = menu
    if (current === null) return
    current.showPopover()
    stand(current, button)
    current.querySelector('button')?.focus()
    const follow = () => stand(current, button)
    addEventListener('scroll', follow, { passive: true })
    return () => removeEventListener('scroll', follow)
  }, [button])

  function take({ act }: MenuItem): void {
    menu.current?.hidePopover()
    // What opens next gives the focus back to where it was: the button, not what is gone by then.
    button.focus()
    act()
  }

  return (
    <div
      ref={menu}
      class="menu"
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={move}
      onToggle={event => {
        if (event.newState === 'closed') open.value = undefined
      }}
    >
      {items.map(item => (
        <button type="button" role="menuitem" tabIndex={-1} key={item.words} onClick={() => take(item)}>
          {item.words}
        </button>
      ))}
    </div>
  )
}

/** Below the button, or above it where there is no room; its right edge is that of the button. */
function stand(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const { width, height } = menu.getBoundingClientRect()
  const top = at.bottom + height + 8 < innerHeight ? at.bottom + 4 : Math.max(4, at.top - height - 4)
  menu.style.top = `${top}px`
  menu.style.left = `${Math.max(4, at.right - width)}px`
}

function move(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const buttons: Element[] = [...event.currentTarget.querySelectorAll('button')]
  const at = document.activeElement === null ? -1 : buttons.indexOf(document.activeElement)
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
  if (event.key === 'Tab') open.value = undefined
  if (next === undefined) return
  event.preventDefault()
  const target = buttons.at(next % buttons.length)
  if (target instanceof HTMLElement) target.focus()
}
