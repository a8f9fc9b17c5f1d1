import { signal } from '@preact/signals'

export type Theme = 'system' | 'dark' | 'light'

/** Kept for the next visit; `theme.ts` reads it before the first paint. */
export const theme = signal<Theme>(kept())

export function chooseTheme(next: Theme): void {
  theme.value = next
  if (next === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
  try {
    localStorage.setItem('theme', next)
  } catch {
    // No storage in this browser: it lasts until the page is loaded anew.
  }
}

function kept(): Theme {
  const chosen = document.documentElement.dataset['theme']
  return chosen === 'dark' || chosen === 'light' ? chosen : 'system'
}
