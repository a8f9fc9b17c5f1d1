import { visibleText } from '@lxc-autoscale/core/browser'
import { bannersOf } from '../banners.ts'
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
          <span>{visibleText(text)}</span>
          {mend !== '' && <Command text={mend} />}
        </li>
      ))}
    </ul>
  )
}
