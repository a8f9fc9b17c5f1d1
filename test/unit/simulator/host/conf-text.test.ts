import { describe, expect, test } from 'vitest'
import { decodeText, encodeText, formatConf, parseConf } from '../../../../packages/simulator/src/host/conf-text.ts'

const TEXT = `#managed%3A yes
#second line
arch: amd64
cores: 2
memory: 2048
parent: before
lxc.mount.entry: /srv srv none bind 0 0

[pve:pending]
delete: onboot
features: nesting=1

[after]
#of the snapshot
memory: 1024
parent: before
snaptime: 1767265200

[before]
memory: 512
snaptime: 1714600477
`

test('writes what it read, to the byte', () => {
  expect(formatConf(parseConf(TEXT, 100).conf)).toBe(TEXT)
})

test('the first header ends the live part', () => {
  const { live, pending, snapshots } = parseConf(TEXT, 100).conf
  expect(live.values['memory']).toBe('2048')
  expect(live.values['description']).toBe('managed: yes\nsecond line\n')
  expect(pending).toEqual({ delete: 'onboot', features: 'nesting=1' })
  expect(Object.keys(snapshots)).toEqual(['after', 'before'])
  expect(snapshots['before']?.values['memory']).toBe('512')
})

test('sorts keys and snapshots by name', () => {
  const { conf } = parseConf('memory: 512\narch: amd64\n\n[b]x\n[bb]\ncores: 1\n[aa]\ncores: 2\n', 100)
  expect(formatConf(conf)).toBe('arch: amd64\nmemory: 512\n\n[aa]\ncores: 2\n\n[bb]\ncores: 1\n')
})

test('takes raw lines with an equals sign and writes them with a colon', () => {
  const { conf } = parseConf('lxc.idmap = u 0 100000 65536\n', 100)
  expect(formatConf(conf)).toBe('lxc.idmap: u 0 100000 65536\n')
})

test.each([
  ['lxc.made.up: 1', 'vm 100 - unable to parse config: lxc.made.up: 1'],
  ['Cores: 3', 'vm 100 - unable to parse config: Cores: 3'],
  ['delete: cores', "vm 100 - property 'delete' is only allowed in [pve:pending]"],
  ['no key here', 'vm 100 - unable to parse config: no key here'],
])('warns about "%s"', (line, warning) => {
  expect(parseConf(`${line}\ncores: 1\n`, 100)).toMatchObject({
    warnings: [warning],
    conf: { live: { values: { cores: '1' }, lxc: [] } },
  })
})

test.each([
  ['made_up: 3', "vm 100 - unable to parse value of 'made_up' - unknown setting 'made_up'"],
  ['cores: many', "vm 100 - unable to parse value of 'cores' - type check ('integer') failed - got 'many'"],
  ['net0: bridge=vmbr0', "vm 100 - unable to parse value of 'net0' - format error"],
  [
    'lxc.cgroup.cpuset.cpus: 0',
    'vm 100 - lxc.cgroup.cpuset.cpus is deprecated, this will be a hard error in the future!',
  ],
])('warns about "%s" and keeps it', (line, warning) => {
  const { conf, warnings } = parseConf(`${line}\n`, 100)
  expect(warnings[0]).toContain(warning)
  expect(formatConf(conf)).toBe(`${line}\n`)
})

describe('the description', () => {
  test.each([
    ['plain text', 'plain text'],
    ['a: 50%', 'a%3A 50%25'],
    ['ü', '%C3%BC'],
    ['a\nb', 'a%0Ab'],
  ])('%j is stored as %s', (text, encoded) => {
    expect(encodeText(text)).toBe(encoded)
    expect(decodeText(encoded)).toBe(text)
  })
})
