import { jsonText, visibleLines, visibleText } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'

test.each([
  ['\u001b[2J\u001b]0;pwned\u0007', '\\u001b[2J\\u001b]0;pwned\\u0007'],
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['\u0000\u007f\u0080\u009b31m\u009f', '\\u0000\\u007f\\u0080\\u009b31m\\u009f'],
  ['user\u202etxt.exe\u202c', 'user\\u202etxt.exe\\u202c'],
  ['\u2066x\u2069\u061c\u200e\u200f', '\\u2066x\\u2069\\u061c\\u200e\\u200f'],
  ['line\u2028line\u2029', 'line\\u2028line\\u2029'],
  ['Grüße, 世界 👩‍💻 "quoted" \\ back', 'Grüße, 世界 👩‍💻 "quoted" \\ back'],
])('%j is shown as %s', (text, shown) => {
  expect(visibleText(text)).toBe(shown)
})

test('lines stay lines where several are meant', () => {
  expect(visibleLines('one\u001b\ntwo\u009b')).toBe('one\\u001b\ntwo\\u009b')
})

test.each([undefined, 2])('JSON keeps its meaning and holds nothing that steers a terminal (indent %s)', indent => {
  const every = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join('')
  const text = jsonText({ [every]: [every, 1, null] }, indent)
  expect(JSON.parse(text)).toEqual({ [every]: [every, 1, null] })
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
})
