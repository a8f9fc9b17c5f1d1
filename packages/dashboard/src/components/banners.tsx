import { visibleText } from '@lxc-autoscale/core/browser'
import { bannersOf, mendParts } from '../banners.ts'
import { connection, head } from '../live.ts'
import { Command } from './command.tsx'
import { Glyph } from './glyph.tsx'

export function Banners() {
  const banners = bannersOf(head.value, connection.value)
  if (banners.length === 0) return null
  return (
    <ul class="banners" aria-label="What is wrong">
      {banners.map(({ about, tone, text, mend }) => (
        <li class={`banner ${tone}`} key={about}>
          <Glyph shape="warning" />
          <span>{sentence(visibleText(text))}</span>
          {mendParts(mend).map(part =>
            part.isCommand ? (
              <Command text={part.text} key={part.text} />
            ) : (
              <span class="hint" key={part.text}>
                {visibleText(part.text)}
              </span>
            ),
          )}
        </li>
      ))}
    </ul>
  )
}

/** Begins with a capital, unless the first word is a name such as `lxc_monitor`. */
function sentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z]* )/, letter => letter.toUpperCase())
}
