import { expect, test } from 'vitest'
import { storedValue } from '../../../../packages/simulator/src/schema/config-options.ts'
import { bridgeOf, normalisedNetwork } from '../../../../packages/simulator/src/schema/formats.ts'

test.each([
  ['net0', 'name=eth0,bridge=vmbr0,ip=10.0.0.5/24,gw=10.0.0.1,ip6=auto,tag=5,rate=1.5,trunks=1;2,link_down=yes'],
  ['net31', 'name=eth0'],
  ['features', 'nesting=1,mount=nfs;cifs,keyctl=1'],
  ['startup', 'order=1,up=30,down=10'],
  ['startup', '3'],
  ['nameserver', '10.0.0.1 fe80::1%eth0'],
  ['searchdomain', 'example.com,lan'],
  ['timezone', 'Europe/Berlin'],
  ['timezone', 'host'],
  ['hookscript', 'local:snippets/hook.pl'],
  ['unused3', 'local-lvm:vm-100-disk-3'],
  ['cpulimit', '1.5'],
])('%s takes %s', (key, value) => {
  expect(storedValue(key, value)).toEqual({ value })
})

test.each([
  ['net32', 'name=eth0', "unknown setting 'net32'"],
  ['net0', 'name=eth0,name=eth1', 'duplicate key in comma-separated list property: name'],
  ['net0', 'name=', 'missing key in comma-separated list property'],
  ['net0', 'name=eth0,ip=10.0.0.5/4', 'format error'],
  ['net0', 'name=eth0,tag=4095', 'value must have a maximum value of 4094'],
  ['features', 'nesting=maybe', "type check ('boolean') failed - got 'maybe'"],
  ['onboot', 'maybe', "type check ('boolean') failed - got 'maybe'"],
  ['cpulimit', '.5', "type check ('number') failed - got '.5'"],
])('%s complains about %s', (key, value, problem) => {
  expect(storedValue(key, value).problem).toContain(problem)
})

test('what stands for yes and no is read as 1 and 0', () => {
  expect(storedValue('onboot', 'yes')).toEqual({ value: '1' })
  expect(storedValue('onboot', 'off')).toEqual({ value: '0' })
})

test('a network keeps its address, and its words are put in order', () => {
  const network = 'firewall=1,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,name=eth0'
  const kept = 'name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:00:00:01,type=veth'
  expect(normalisedNetwork(network, () => 'another')).toBe(kept)
  expect(normalisedNetwork(kept, () => 'another')).toBe(kept)
  expect(bridgeOf(kept)).toBe('vmbr0')
})
