/** What PyYAML makes of a plain text, by the first pattern that fits. Source: PyYAML 6.0, resolver.py and constructor.py. */
const PLAIN: readonly (readonly [RegExp, (text: string) => unknown])[] = [
  [/^(?:~|null|Null|NULL|)$/, () => null],
  [/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true],
  [/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false],
  [/^[-+]?0b[01_]+$/, text => signed(text, digits => Number(digits))],
  [/^[-+]?0x[0-9a-fA-F_]+$/, text => signed(text, digits => Number(digits))],
  [/^[-+]?0[0-7_]+$/, text => signed(text, digits => Number.parseInt(digits, 8))],
  [/^[-+]?(?:0|[1-9][0-9_]*)$/, text => signed(text, Number)],
  [/^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/, text => signed(text, sexagesimal)],
  [/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/, text => signed(text, sexagesimal)],
  [/^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$/, text => signed(text, Number)],
  [/^[-+]?\.(?:inf|Inf|INF)$/, text => (text.startsWith('-') ? -Infinity : Infinity)],
  [/^\.(?:nan|NaN|NAN)$/, () => Number.NaN],
]

/** The value of a plain text of a YAML file as PyYAML reads it. */
export function pythonScalar(text: string): unknown {
  const found = PLAIN.find(([pattern]) => pattern.test(text))
  return found === undefined ? text : found[1](text)
}

function signed(text: string, read: (digits: string) => number): number {
  const value = read(text.replaceAll('_', '').replace(/^[-+]/, ''))
  return text.startsWith('-') ? -value : value
}

/** `1:30` is 90: base 60, for times that nobody meant so. */
function sexagesimal(text: string): number {
  return text.split(':').reduce((total, part) => total * 60 + Number(part), 0)
}
