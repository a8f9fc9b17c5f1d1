import { modelKey, operatorKey } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'

const HASH = `sha256:${'0'.repeat(64)}`

describe('the key of the model', () => {
  test.each([
    ['only-key-here\n', 'only-key-here'],
    ['# made at install\n\n  spaced-key  \nsecond-key\n', 'spaced-key'],
    [`ci:read:abcdefgh\n${HASH}\n$scrypt$ln=15,r=8,p=1$aa$bb\nplain-key-1\n`, 'plain-key-1'],
    ['plain-key-1\nanna:admin:annas-key\nmodel:scale:models-key\n', 'models-key'],
    ['model:admin:models-key\n', 'models-key'],
    ['# none yet\n', undefined],
    ['', undefined],
  ])('in %j is %j', (text, key) => {
    expect(modelKey('api.key', text)).toBe(key)
  })

  test.each([
    [
      'anna:admin:annas-key\n',
      'api.key: every key has a name, and none is that of the model; write a line "model:scale:KEY"',
    ],
    ['model:read:models-key\n', 'api.key:1: the key of the model has the role read'],
    [`# x\nmodel:scale:${HASH}\nplain-key-1\n`, 'api.key:2: of the key of the model only the hash is there'],
    [`${HASH}\n`, 'api.key:1: of the key of the model only the hash is there'],
  ])('is none in %j, which says what to write and not the key', (text, message) => {
    expect(() => modelKey('api.key', text)).toThrow(message)
    expect(() => modelKey('api.key', text)).not.toThrow('annas-key')
  })
})

test.each([
  ['plain-key-1\n', 'plain-key-1'],
  ['mon:read:key-of-mon\nplain-key-1\nsecond-key\n', 'plain-key-1'],
  ['plain-key-1\nanna:admin:annas-key\nbob:admin:bobs-key\n', 'annas-key'],
  [`${HASH}\nops:admin:${HASH}\nmon:read:key-of-mon\n`, 'key-of-mon'],
  ['eve:root:key-of-eve\n', undefined],
])('of the keys in %j the operator takes the one that may do most: %j', (text, key) => {
  expect(operatorKey(text)).toBe(key)
})
