import { type Stats, statSync } from 'node:fs'
import { errorMessage, MAX_VMID, MIN_VMID, parseVmid } from '@lxc-autoscale/core'
import { InvalidArgumentError } from 'commander'
import { parseDurationMs } from '../duration.ts'

/** @throws {InvalidArgumentError} when `text` is no container number. */
export function vmidArgument(text: string): number {
  const vmid = parseVmid(text)
  if (vmid === undefined) throw new InvalidArgumentError(`must be a container number from ${MIN_VMID} to ${MAX_VMID}`)
  return vmid
}

/** @throws {InvalidArgumentError} when `text` is no positive integer. */
export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('must be a whole number from 1')
  return Number(text)
}

/** @throws {InvalidArgumentError} when `text` is no amount of memory. */
export function megabytesArgument(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('must be a whole number of MB from 0')
  return Number(text)
}

/** @throws {InvalidArgumentError} when `text` is no duration. */
export function durationArgument(text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs === undefined)
    throw new InvalidArgumentError('must be a duration such as 90s, 30m, 2h or 1d, at most 36500d')
  return durationMs
}

/** A folder that is named must be there: with the defaults in its place the command would be about another host. */
export function folderArgument(path: string): string {
  if (statOf(path)?.isDirectory() !== true) throw new InvalidArgumentError('there is no such folder')
  return path
}

/** Undefined: nothing is there. @throws {InvalidArgumentError} when that cannot be told, as of a name that is too long */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw new InvalidArgumentError(errorMessage(error))
  }
}

/** @throws {InvalidArgumentError} when `text` is no address that can be asked. */
export function urlArgument(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError('must be an address such as http://127.0.0.1:5000')
  }
  return text.replace(/\/+$/, '')
}
