import axe, { type AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** Where Debian has it. */
const CHROMIUM = '/usr/bin/chromium'
/** What Chromium writes of each answer that is no success, without saying to which request. */
const OF_ANSWERS = /^Failed to load resource: the server responded/
/** Longer than any machine is busy: what takes so long does not happen. */
export const PATIENCE_MS = 60_000

export function openBrowser(): Promise<Browser> {
  // Who is root cannot have the sandbox of Chromium; the pages are our own.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** A page, and all that went wrong on it that a person would not see. */
export class WatchedPage {
  readonly page: Page
  readonly #problems: string[] = []
  #borne: RegExp | undefined

  private constructor(page: Page, origin: string) {
    this.page = page
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('console', message => {
      const isOwn = !OF_ANSWERS.test(message.text())
      if (isOwn && (message.type() === 'error' || message.type() === 'warning')) this.#note(message.text())
    })
    page.on('response', response => {
      const { pathname } = new URL(response.url())
      if (response.status() >= 400) this.#note(`${response.request().method()} ${pathname}: ${response.status()}`)
    })
    page.on('pageerror', error => this.#note(String(error)))
    page.on('request', request => {
      if (new URL(request.url()).origin !== origin) this.#note(`a request to ${request.url()}`)
    })
  }

  static async open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await browser.newContext({ baseURL: origin, ...options })
    const watched = new WatchedPage(await context.newPage(), origin)
    return watched
  }

  /** What went wrong so far, each thing once. */
  problems(): readonly string[] {
    return [...new Set(this.#problems)]
  }

  /** From now on this may go wrong; undefined: nothing. */
  bear(complaint: RegExp | undefined): void {
    this.#borne = complaint
  }

  /** Comes in by the door: the page asks without a key first, and is told that it needs one. */
  async logIn(key: string): Promise<void> {
    this.bear(/: 401$/)
    await this.page.goto('/')
    await this.giveKey(key)
  }

  async giveKey(key: string): Promise<void> {
    await this.page.getByLabel('Key', { exact: true }).fill(key)
    await this.page.getByRole('button', { name: 'Log in' }).click()
  }

  /** What axe-core finds against WCAG 2.2 AA and its best practices, a line each. Evaluated by the browser itself, past the CSP. */
  async #axe(): Promise<readonly string[]> {
    await this.page.evaluate(axe.source)
    const { violations } = await this.page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })")
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`)) // biome-ignore format: one thought
  }

  /** What is wrong with the page as it stands now. */
  async faults(): Promise<readonly string[]> {
    return [...(await this.widthFaults()), ...(await this.#axe())]
  }

  async widthFaults(): Promise<readonly string[]> {
    const px = await this.sidewaysPx()
    return px > 0 ? [`scrolls sideways by ${px} px`] : []
  }

  /** By how many pixels the page is wider than its window. */
  sidewaysPx(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  }

  close(): Promise<void> {
    return this.page.context().close()
  }

  #note(problem: string): void {
    if (this.#borne?.test(problem) !== true) this.#problems.push(problem)
  }
}
