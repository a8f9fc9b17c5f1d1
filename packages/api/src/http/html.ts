import { createHash } from 'node:crypto'
import { visibleText } from '@lxc-autoscale/core'

/** Text that is HTML already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** HTML from a template; everything put into it is escaped unless it is Html itself. */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  const text = parts.map((part, at) => (at === 0 ? part : `${asText(values[at - 1])}${part}`))
  return new Html(text.join(''))
}

function asText(value: unknown): string {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(asText).join('')
  return escapeHtml(visibleText(String(value ?? '')))
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --line: #8884; --soft: #8882 }
body { max-width: 70rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { background: var(--soft); padding: .6rem; overflow-x: auto; border-radius: 4px; margin: .3rem 0 }
.number { text-align: right; font-variant-numeric: tabular-nums } .bad { color: #c33; font-weight: 600 } .good { color: #283; font-weight: 600 }
form { margin: 1rem 0 } input, button { font: inherit; padding: .3rem .6rem }
`

/** Fetches the page again with the key that was typed in, so that the key never stands in an address. */
const SCRIPT = `
const show = async path => {
  const key = sessionStorage.getItem('api-key')
  const answer = await fetch(path, { headers: key ? { 'X-API-Key': key, Accept: 'text/html' } : { Accept: 'text/html' } })
  const type = answer.headers.get('content-type') || ''
  if (!type.startsWith('text/html')) {
    sessionStorage.removeItem('api-key')
    document.getElementById('problem').textContent = (await answer.json()).message
    return
  }
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
  document.querySelector('main').replaceWith(next.querySelector('main'))
}
document.addEventListener('submit', event => {
  event.preventDefault()
  sessionStorage.setItem('api-key', event.target.elements.key.value)
  show(location.pathname)
})
document.addEventListener('click', event => {
  const path = event.target.dataset.path
  if (!path) return
  event.preventDefault()
  show(path)
})
if (sessionStorage.getItem('api-key')) show(location.pathname)
`

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** Only what the page itself holds may be used, and only this API may be asked. */
export const PAGE_CSP = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A whole page. */
export function page(title: string, main: Html): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
<body>
<main>
${main}
</main>
<p id="problem" class="bad" role="alert"></p>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text
}
