/** `text` with the one place that reads `from` as `to`. @throws {Error} when it stands there not at all, or more than once */
export function applyMutant(text, { name, file, from, to }) {
  const count = text.split(from).length - 1
  if (count !== 1) throw new Error(`${name}: '${from}' stands ${count} times in ${file}, not once`)
  return text.replace(from, () => to)
}
