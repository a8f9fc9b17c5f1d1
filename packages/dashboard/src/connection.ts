/** Whether what is shown is what is so. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** `sinceMs`: by the clock of this machine; undefined: it never was live. */
  | { readonly state: 'lost'; readonly sinceMs: number | undefined; readonly reason: string }
