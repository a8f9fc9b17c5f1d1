import type { ContainerState } from '@lxc-autoscale/core'

/** How a state looks; the shape tells it from the others where colours do not. */
export interface StateLook {
  readonly word: string
  readonly shape:
    | 'dot'
    | 'up'
    | 'ceiling'
    | 'bolt'
    | 'clock'
    | 'hold'
    | 'diamond'
    | 'pause'
    | 'lock'
    | 'square'
    | 'question'
    | 'book'
  readonly tone: 'calm' | 'active' | 'quiet' | 'warn' | 'bad'
}

/** In the order in which they want to be looked at. */
export const STATE_LOOKS: Readonly<Record<ContainerState, StateLook>> = {
  abnormal: { word: 'abnormal', shape: 'diamond', tone: 'bad' },
  at_maximum: { word: 'at its maximum', shape: 'ceiling', tone: 'bad' },
  no_data: { word: 'no data', shape: 'question', tone: 'warn' },
  locked: { word: 'locked', shape: 'lock', tone: 'warn' },
  growing: { word: 'growing', shape: 'up', tone: 'active' },
  boosted: { word: 'boosted', shape: 'bolt', tone: 'active' },
  shrink_held: { word: 'shrink held', shape: 'hold', tone: 'calm' },
  cooling_down: { word: 'cooling down', shape: 'clock', tone: 'calm' },
  learning: { word: 'learning', shape: 'book', tone: 'calm' },
  paused: { word: 'paused', shape: 'pause', tone: 'quiet' },
  fits: { word: 'fits', shape: 'dot', tone: 'calm' },
  stopped: { word: 'stopped', shape: 'square', tone: 'quiet' },
}

const ORDER = Object.keys(STATE_LOOKS)

/** What wants to be looked at first has the least. */
export function stateRank(state: ContainerState): number {
  return ORDER.indexOf(state)
}

export function isState(text: string): text is ContainerState {
  return Object.hasOwn(STATE_LOOKS, text)
}
