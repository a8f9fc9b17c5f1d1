import { signal } from '@preact/signals'

/** What a person is about to do. */
export type Doing =
  | { readonly what: 'boost' | 'pause' | 'mode'; readonly vmid: number }
  | { readonly what: 'undo'; readonly vmid: number; readonly changeId: string }
  | { readonly what: 'end-boost' | 'resume'; readonly vmid: number }
  /** Everything since a moment, of all containers or of one. */
  | { readonly what: 'undo-since'; readonly vmid?: number }
  | { readonly what: 'pause-all' | 'resume-all' }

/** The dialog that is open. */
export const doing = signal<Doing | undefined>(undefined)

let opener: HTMLElement | undefined

export function openDialog(next: Doing): void {
  opener = document.activeElement instanceof HTMLElement ? document.activeElement : undefined
  doing.value = next
}

/** The focus goes back to where it was, or to the heading of the page when that is gone. */
export function closeDialog(): void {
  doing.value = undefined
  const target = opener?.isConnected ? opener : document.querySelector<HTMLElement>('h1')
  target?.focus({ preventScroll: true })
}
