import { signal } from '@preact/signals'

/** Where the page is. */
export interface Place {
  readonly path: string
  readonly query: URLSearchParams
}

export const place = signal<Place>(here())

let isEntered = false
/** Whether the page that is shown was come to by a deed of the person, not by loading the document. */
export const wasEntered = (): boolean => isEntered
/** The person has come to a page, by a link or by logging in. */
export function enter(): void {
  isEntered = true
}

/** An entry of the history of the browser, by its number. */
interface Entry {
  readonly entry: number
}

let entry = entryOf(history.state)
/** Where the entries that were left were scrolled to. */
const scrolls = new Map<number, number>()

/** Goes to another page; back comes here again. */
export function navigate(url: string): void {
  scrolls.set(entry, scrollY)
  entry += 1
  history.pushState({ entry } satisfies Entry, '', url)
  enter()
  place.value = here()
  scrollTo(0, 0)
}

/** Changes the query of this page in place: no new entry in the history. Undefined or empty leaves a field out. */
export function setQuery(fields: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(place.value.query)
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  history.replaceState(history.state, '', text === '' ? place.value.path : `${place.value.path}?${text}`)
  place.value = here()
}

/** Follows links within the page and the buttons of the browser. Called once. */
export function startRouter(): void {
  history.scrollRestoration = 'manual'
  addEventListener('popstate', ({ state }: PopStateEvent) => {
    scrolls.set(entry, scrollY)
    entry = entryOf(state)
    enter()
    place.value = here()
    // The page is drawn first.
    requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, scrolls.get(entry) ?? 0)))
  })
  document.addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    if (link === null || !isPlain || event.defaultPrevented || link.target !== '' || !isPage(link)) return
    event.preventDefault()
    navigate(`${link.pathname}${link.search}`)
  })
}

/** Whether it leads to a page of the dashboard, not into this one. */
function isPage(link: HTMLAnchorElement): boolean {
  if (link.origin !== location.origin || link.hash !== '' || link.hasAttribute('download')) return false
  return pageOf(link.pathname) !== undefined
}

/** The pages; a container by its number. */
export type Page =
  | { readonly name: 'overview' | 'cluster' | 'changes' | 'docs' }
  | { readonly name: 'container'; readonly vmid: number }

export function pageOf(path: string): Page | undefined {
  if (path === '/') return { name: 'overview' }
  if (path === '/cluster') return { name: 'cluster' }
  if (path === '/changes') return { name: 'changes' }
  if (path === '/docs') return { name: 'docs' }
  const [, vmid] = /^\/container\/([1-9]\d{2,8})$/.exec(path) ?? []
  return vmid === undefined ? undefined : { name: 'container', vmid: Number(vmid) }
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) }
}

function entryOf(state: unknown): number {
  return (state as Entry | null)?.entry ?? 0
}
