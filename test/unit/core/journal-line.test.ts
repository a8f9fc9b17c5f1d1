import { expect, test } from 'vitest'
import { formatJournalLine } from '../../../packages/core/src/journal-line.ts'

test('shows level, message and fields of a log line in words', () => {
  const line =
    '{"level":"info","time":"2026-01-05T00:00:00Z","daemon":"m","vmid":101,"from":"2 cores","msg":"container scaled"}\n'
  expect(formatJournalLine(line)).toBe('INFO  container scaled vmid=101 from="2 cores"\n')
})

test('puts a stack on one line', () => {
  expect(formatJournalLine('{"level":"fatal","msg":"bug","err":{"stack":"Error: x\\n at y"}}')).toBe(
    'FATAL bug error=Error: x |  at y\n',
  )
})

test('passes on what is not a log line', () => {
  expect(formatJournalLine('hello\n')).toBe('hello\n')
})

test('puts the priority in front for the journal', () => {
  expect(formatJournalLine('{"level":"warn","msg":"disk full"}', true)).toBe('<4>WARN  disk full\n')
})

test('shows what would steer a terminal or begin a line of its own, wherever it stands', () => {
  const hostile = 'x\u001b[2J\u009b1m\u202e\u2028\n<3>ERROR forged'
  const line = JSON.stringify({
    level: 'warn',
    msg: hostile,
    why: hostile,
    deep: { name: hostile },
    err: { stack: hostile },
  })
  const text = formatJournalLine(line, true)
  expect(text).toMatch(/^<4>WARN {2}x\\u001b\[2J\\u009b1m\\u202e\\u2028 \| <3>ERROR forged why=/)
  expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
})
