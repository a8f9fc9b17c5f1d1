import { visibleText } from '@lxc-autoscale/core/browser'
import { announcements, dismiss } from '../announcements.ts'
import { Glyph } from './glyph.tsx'

export function Announcements() {
  return (
    <div class="announcements" role="status" aria-live="polite">
      {announcements.value.map(({ number, text }) => (
        <div class="announcement" key={number}>
          <p>{visibleText(text)}</p>
          <button type="button" class="plain square" aria-label="Dismiss" onClick={() => dismiss(number)}>
            <Glyph shape="cross" />
          </button>
        </div>
      ))}
    </div>
  )
}
