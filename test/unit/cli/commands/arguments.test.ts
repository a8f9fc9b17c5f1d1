import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import {
  countArgument,
  durationArgument,
  folderArgument,
  megabytesArgument,
  urlArgument,
  vmidArgument,
} from '../../../../packages/cli/src/commands/arguments.ts'

test('a container is a number from 100 on', () => {
  expect(vmidArgument('101')).toBe(101)
  for (const text of ['99', '1e3', '0101', '101a', '', '-101', '1000000000']) {
    expect(() => vmidArgument(text)).toThrow('must be a container number from 100 to 999999999')
  }
})

test('a count is a whole number from one on', () => {
  expect(countArgument('50')).toBe(50)
  for (const text of ['0', '-1', '1.5', '', 'many', '9999999999']) {
    expect(() => countArgument(text)).toThrow('must be a whole number from 1')
  }
})

test('a duration has a unit', () => {
  expect(durationArgument('2h')).toBe(7_200_000)
  expect(() => durationArgument('2')).toThrow('must be a duration such as 90s, 30m, 2h or 1d, at most 36500d')
})

test('an amount of memory is a whole number of MB, 0 too', () => {
  expect(['0', '512'].map(megabytesArgument)).toEqual([0, 512])
  for (const text of ['-1', '1.5', '', '512MB', '99999999']) {
    expect(() => megabytesArgument(text)).toThrow('must be a whole number of MB from 0')
  }
})

test('a folder that is named is there', () => {
  expect(folderArgument(import.meta.dirname)).toBe(import.meta.dirname)
  for (const path of ['/etc/lxc_autoscale_lm', import.meta.filename, '']) {
    expect(() => folderArgument(path)).toThrow('there is no such folder')
    expect(() => folderArgument('x'.repeat(300))).toThrow(InvalidArgumentError)
  }
})

test('an address has a scheme that can be asked', () => {
  expect(urlArgument('http://127.0.0.1:5000/')).toBe('http://127.0.0.1:5000')
  for (const text of ['127.0.0.1:5000', 'localhost:5000', 'ftp://x', '']) {
    expect(() => urlArgument(text)).toThrow('must be an address such as http://127.0.0.1:5000')
  }
})
