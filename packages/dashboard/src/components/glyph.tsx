/** Shapes on a field of 16 by 16, drawn with the colour of the text. */
const SHAPES = {
  dot: 'M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  ring: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6z',
  up: 'M8 2l6 7h-3.6v5H5.6V9H2z',
  ceiling: 'M2 1.5h12V4H2zm6 4l5 6h-3v3H6v-3H3z',
  bolt: 'M9.5 1L3 9h4l-1 6 7-8.5H8.8z',
  clock: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm-1 3h2V8l2.4 1.8-1.1 1.5L7 8.9z',
  hold: 'M8 14.5l-5-6h3v-3h4v3h3zM2 1.5h12V4H2z',
  diamond: 'M8 .8L15.2 8 8 15.2.8 8zM7 4.5v4.2h2V4.5zm0 5.4v1.8h2V9.9z',
  pause: 'M3.5 2.5h3.2v11H3.5zm5.8 0h3.2v11H9.3z',
  lock: 'M4.5 7V5a3.5 3.5 0 0 1 7 0v2H13v7.5H3V7zm2 0h3V5a1.5 1.5 0 0 0-3 0z',
  square: 'M3.5 3.5h9v9h-9zm1.8 1.8v5.4h5.4V5.3z',
  question:
    'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM5.6 6.2C5.7 4.7 6.7 3.8 8.1 3.8c1.4 0 2.4.8 2.4 2.1 0 1-.5 1.5-1.2 2-.5.4-.6.6-.6 1.2v.3H7.2v-.5c0-.9.3-1.4 1.1-1.9.5-.4.7-.6.7-1 0-.5-.4-.8-.9-.8-.6 0-1 .4-1 1zM7.1 10.5h1.7v1.7H7.1z',
  book: 'M2 3c2-1 4-1 5.3.3v10C6 12.2 4 12.2 2 13zm12 0c-2-1-4-1-5.3.3v10c1.3-1.1 3.3-1.1 5.3-.3z',
  warning: 'M8 1.2l7.3 13H.7zM7.1 6v4h1.8V6zm0 5v1.7h1.8V11z',
  dots: 'M3 6.6a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8zm5 0a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8zm5 0a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8z',
  rising: 'M8 4l6 8H2z',
  falling: 'M8 12L2 4h12z',
  cross: 'M3.2 4.6l1.4-1.4L8 6.6l3.4-3.4 1.4 1.4L9.4 8l3.4 3.4-1.4 1.4L8 9.4l-3.4 3.4-1.4-1.4L6.6 8z',
  halves: 'M8 1.5a6.5 6.5 0 1 0 0 13zM8 1.5a6.5 6.5 0 0 1 0 13v-1.6a4.9 4.9 0 0 0 0-9.8z',
  moon: 'M9.5 1.7a6.5 6.5 0 1 0 4.9 9A5.6 5.6 0 0 1 9.5 1.7z',
  sun: 'M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM7.2.5h1.6v2.5H7.2zm0 12.5h1.6v2.5H7.2zM.5 7.2H3v1.6H.5zm12.5 0h2.5v1.6H13zM2.1 3.3l1.2-1.2 1.7 1.7-1.1 1.2zm8.9 8.9l1.2-1.2 1.7 1.7-1.1 1.2zm-8.9.6l1.7-1.7 1.2 1.1-1.7 1.7zM11 3.8l1.7-1.7 1.2 1.2L12.2 5z',
} as const

export type Shape = keyof typeof SHAPES

/** Says nothing by itself: the word stands beside it. */
export function Glyph({ shape }: { readonly shape: Shape }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[shape]} fill="currentColor" fill-rule="evenodd" />
    </svg>
  )
}
