import { statSync } from 'node:fs'
import { AutoscaleError, ConfigError, errorMessage, readRegularFile } from '@lxc-autoscale/core'

/** An API token of Proxmox. */
export interface RestToken {
  /** USER@REALM!TOKENID, which is no secret. */
  readonly id: string
  /** What stands in the header, with the secret: never in a message or a log. */
  readonly header: string
}

const MOST_BYTES = 4_096
/** Source: PVE::AccessControl, the pattern of token ids; PVE::TokenConfig makes a UUID of the secret. */
const TOKEN = /^([^\s:/@!=]+@[A-Za-z][\w.-]+![A-Za-z][\w.-]+)=([!-~]{8,128})$/
/** Reading and writing by others, and writing by the group. */
const TOO_OPEN = 0o026

/** The token in `file`. @throws {ConfigError} when it cannot be read, is none, or too many can read it; the text is not told */
export function readToken(file: string): RestToken {
  const [line = '', ...more] = textOf(file)
    .split('\n')
    .map(text => text.trim())
    .filter(text => text !== '' && !text.startsWith('#'))
  const [, id = ''] = TOKEN.exec(line) ?? []
  if (id === '' || more.length > 0)
    throw problem(file, 'must hold one line USER@REALM!TOKENID=SECRET, as pveum prints them')
  return { id, header: `PVEAPIToken=${line}` }
}

function textOf(file: string): string {
  try {
    if ((statSync(file).mode & TOO_OPEN) !== 0)
      throw problem(file, 'can be read by every user, or written by others than its owner; chmod 0640 it')
    return readRegularFile(file, MOST_BYTES)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const why = error instanceof AutoscaleError ? error.message : `cannot be read: ${errorMessage(error)}`
    throw problem(file, `${why}; "lxc-autoscale setup-token" says how to make one`)
  }
}

function problem(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: undefined, key: '', message }])
}
