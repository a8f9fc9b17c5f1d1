/** What the small pictures are made of. */

/** Of a curve on a light and on a dark page. */
const COLORS = [
  ['#0969da', '#58a6ff'],
  ['#cf222e', '#ff7b72'],
  ['#1a7f37', '#3fb950'],
  ['#8250df', '#d2a8ff'],
  ['#bc4c00', '#ffa657'],
]
const colors = shade => COLORS.map((shades, at) => `.c${at}{color:${shades[shade]}}`).join('')

/** Readable on white as on black, and a little better with the media query: some viewers do not tell which they are. */
export const STYLE = `text{fill:#6e7781}.title{fill:#57606a;font-weight:bold}text[class^=c]{fill:currentColor}.grid{stroke:#8c959f;stroke-opacity:.35;stroke-width:.7}.guide{stroke:#8c959f;stroke-dasharray:4 3}
path[class^=c]{fill:none;stroke:currentColor;stroke-width:1.3}circle{fill:currentColor}${colors(0)}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#d1d7e0}${colors(1)}}`

export function text(x, y, words, { anchor = 'start', look = '' } = {}) {
  const given = look === '' ? '' : ` class="${look}"`
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${given}>${escaped(words)}</text>`
}

export function gridLine(x1, y1, x2, y2, look = 'grid') {
  return `<path class="${look}" d="M${x1} ${y1}L${x2} ${y2}"/>`
}

export function round(number) {
  return Math.round(number * 10) / 10
}

export function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
