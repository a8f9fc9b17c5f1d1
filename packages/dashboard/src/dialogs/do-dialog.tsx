import { visibleText } from '@lxc-autoscale/core/browser'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { announce } from '../announcements.ts'
import { closeDialog } from './open-dialog.ts'

export interface DoDialogProps {
  readonly title: ComponentChildren
  /** What the button that does it says. */
  readonly confirm: string
  readonly isReady?: boolean
  /** Does it, and says what came of it. @throws what stands in the dialog then */
  readonly act: () => Promise<string>
  readonly children: ComponentChildren
}

/** Asks once, does it, and says what came of it; what went wrong stands in it, and it can be tried again. */
export function DoDialog({ title, confirm, isReady = true, act, children }: DoDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState('')
  const [isActing, setActing] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    setActing(true)
    setProblem('')
    try {
      announce(await act())
      dialog.current?.close()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setActing(false)
    }
  }

  return (
    <dialog ref={dialog} onClose={closeDialog} aria-labelledby="dialog-title">
      <form onSubmit={submit}>
        <h2 id="dialog-title">{title}</h2>
        {children}
        <p class="problem" role="alert">
          {visibleText(problem)}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={!isReady || isActing}>
            {isActing ? 'One moment …' : confirm}
          </button>
        </div>
      </form>
    </dialog>
  )
}
