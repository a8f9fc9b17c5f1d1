import type { ContainerState } from '@lxc-autoscale/core'
import { STATE_LOOKS } from '../states.ts'
import { Glyph } from './glyph.tsx'

/** A state by shape, colour and word. */
export function State({ state }: { readonly state: ContainerState }) {
  const { word, shape, tone } = STATE_LOOKS[state]
  return (
    <span class={`state tone-${tone}`}>
      <Glyph shape={shape} />
      {word}
    </span>
  )
}
