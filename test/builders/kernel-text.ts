/** The text of a kernel file as the parsers get it: in a buffer with more behind it. */
export function kernelText(text: string): { readonly bytes: Uint8Array; readonly length: number } {
  const content = Buffer.from(text, 'latin1')
  return {
    bytes: Buffer.concat([content, Buffer.from('9999 stale bytes of the file read before\n9 9\n')]),
    length: content.length,
  }
}

/** Inputs that every parser must survive: what no kernel writes, but a torn or wrong file could hold. */
export const ODD_TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['a line feed', '\n'],
  ['binary', '\x00\xff\x01\n\x80\x00'],
  ['words', 'no such thing\n'],
  ['a minus sign', '-\n'],
  ['a decimal', '1.5\n'],
  ['hexadecimal', '0x10\n'],
]
