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
  const text = JSON.stringify(value, undefined, indent)
  // Almost always there is nothing to do, and to see that is much faster: of ASCII only DEL stands as it is in a string of JSON.
  if (Buffer.byteLength(text) === text.length && !text.includes('\x7f')) return text
  // The only such character outside of the strings of JSON is the end of a line.
  return visibleLines(text)
}
