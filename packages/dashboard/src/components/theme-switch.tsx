import { chooseTheme, type Theme, theme } from '../theme-choice.ts'
import { Glyph, type Shape } from './glyph.tsx'

const NEXT: Readonly<Record<Theme, readonly [next: Theme, shape: Shape, word: string]>> = {
  system: ['dark', 'halves', 'as the system'],
  dark: ['light', 'moon', 'dark'],
  light: ['system', 'sun', 'light'],
}

export function ThemeSwitch() {
  const [next, shape, word] = NEXT[theme.value]
  const label = `Colours: ${word}. Change to ${NEXT[next][2]}`
  return (
    <button type="button" class="plain square" aria-label={label} title={label} onClick={() => chooseTheme(next)}>
      <Glyph shape={shape} />
    </button>
  )
}
