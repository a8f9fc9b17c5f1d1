import { batch, computed, signal } from '@preact/signals'

const KEPT_AS = 'api-key'

/** The API key of this tab; undefined: none was given. It is kept as long as the tab, and nowhere else. */
export const sessionKey = signal<string | undefined>(kept())
/** Whether the API asks for a key that nobody has given yet. */
export const isLocked = signal(false)
/** Who the API says that we are; undefined: not known yet. */
export const caller = signal<{ readonly key: string; readonly role: string } | undefined>(undefined)

/** Whether there may be anything on the page that changes something. */
export const mayChange = computed(() => caller.value !== undefined && caller.value.role !== 'read')

export function logIn(key: string, who: { readonly key: string; readonly role: string }): void {
  try {
    sessionStorage.setItem(KEPT_AS, key)
  } catch {
    // No storage in this browser: the key lasts until the page is loaded anew.
  }
  batch(() => {
    caller.value = who
    sessionKey.value = key
    isLocked.value = false
  })
}

/** Forgets the key and asks for one: the person goes, or the API does not take it. */
export function endSession(): void {
  try {
    sessionStorage.removeItem(KEPT_AS)
  } catch {
    // As above.
  }
  batch(() => {
    isLocked.value = true
    sessionKey.value = undefined
    caller.value = undefined
  })
}

function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEPT_AS) ?? undefined
  } catch {
    return undefined
  }
}
