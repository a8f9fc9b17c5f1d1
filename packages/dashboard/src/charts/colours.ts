/** Tokens of the style sheet as a canvas needs them: it knows no variables, and nothing of dark and light. */

const known = new Map<string, string>()
let probe: HTMLElement | undefined

/** The colour that a token, such as `--cpu`, stands for at present. */
export function colourOf(token: string): string {
  const colour = known.get(token) ?? computed(token)
  known.set(token, colour)
  return colour
}

function computed(token: string): string {
  probe ??= hiddenProbe()
  probe.style.color = `var(${token})`
  return getComputedStyle(probe).color
}

function hiddenProbe(): HTMLElement {
  const element = document.createElement('i')
  element.hidden = true
  document.body.append(element)
  return element
}

/** Tells when it has become dark or light, by the system or by choice. @returns what ends that */
export function onThemeChange(listener: () => void): () => void {
  const changed = () => {
    known.clear()
    listener()
  }
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', changed)
  const chosen = new MutationObserver(changed)
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => {
    dark.removeEventListener('change', changed)
    chosen.disconnect()
  }
}
