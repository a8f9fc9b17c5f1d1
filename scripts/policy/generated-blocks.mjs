/** `page` with `content` between the two comments that name the block. @throws {RangeError} when it has no such block. */
export function withBlock(page, name, content) {
  const block = new RegExp(`(<!-- generated: ${name}, by [^\\n]+ -->\\n).*?(<!-- end of ${name} -->\\n)`, 's')
  if (!block.test(page)) throw new RangeError(`no block <!-- generated: ${name}, by ... -->`)
  return page.replace(block, (_, begin, end) => `${begin}\n${content}\n${end}`)
}
