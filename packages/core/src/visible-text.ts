/** Control characters (C0, DEL, C1), the line and paragraph separators, and those that turn the direction of a text. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** `text` for one line that people read: what would steer a terminal or hide something stands in it as JSON would write it. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSEEN, character => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped
  })
}

/** The same for a text of several lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visibleText).join('\n')
}

/** `value` as JSON that is safe to look at: `JSON.stringify` alone leaves DEL, C1 and what turns the direction as they are. */
export function jsonText(value: unknown, indent?: number): string {
  // The only such character outside of the strings of JSON is the end of a line.
  return visibleLines(JSON.stringify(value, undefined, indent))
}
