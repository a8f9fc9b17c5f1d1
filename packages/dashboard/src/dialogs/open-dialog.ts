import { signal } from '@preact/signals'

/** What a person is about to do. */
export type Doing =
  | { readonly what: 'boost' | 'pause' | 'mode'; readonly vmid: number }
  /** One change: `changeId`, or the newest of the container. */
  | { readonly what: 'undo'; readonly vmid: number; readonly changeId?: string }
  | { readonly what: 'end-boost' | 'resume'; readonly vmid: number }
  /** Everything since a moment, of all containers or of one. */
  | { readonly what: 'undo-since'; readonly vmid?: number }
  | { readonly what: 'pause-all' | 'resume-all' }

/** The dialog that is open. */
export const doing = signal<Doing | undefined>(undefined)

export function openDialog(next: Doing): void {
  doing.value = next
}

export function closeDialog(): void {
  doing.value = undefined
}
