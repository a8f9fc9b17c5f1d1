import { localTimeText } from '@lxc-autoscale/core/browser'
import type { Connection } from '../connection.ts'
import { connection } from '../live.ts'
import { Glyph } from './glyph.tsx'

/** Whether what is shown is what is so. */
export function LiveSign() {
  const { value }: { readonly value: Connection } = connection
  if (value.state === 'connecting') return <span class="live">connecting …</span>
  if (value.state === 'live')
    return (
      <span class="live is-live">
        <Glyph shape="dot" />
        live
      </span>
    )
  const [, time = ''] = value.sinceMs === undefined ? [] : localTimeText(value.sinceMs).split(' ')
  return (
    <span class="live is-lost">
      <Glyph shape="cross" />
      {time === '' ? 'not live' : `not live since ${time}`}
    </span>
  )
}
