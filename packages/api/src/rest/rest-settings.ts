import { X509Certificate } from 'node:crypto'
import { ConfigError, errorMessage, readRegularFile } from '@lxc-autoscale/core'
import type { RestSection } from '../config.ts'
import { type RestToken, readToken } from './token-file.ts'

/** Where the REST interface is, who asks, and by what it is known. */
export interface RestSettings {
  readonly url: string
  readonly token: RestToken
  /** By one of the two: the certificate authority as PEM, or the fingerprint of the certificate itself. */
  readonly trust: { readonly ca: string } | { readonly fingerprint: string }
}

const MOST_BYTES = 1_048_576

/** @throws {ConfigError} when a file that the section names cannot be used */
export function readRestSettings({ url, token_file, ca_file, fingerprint }: RestSection): RestSettings {
  const trust = fingerprint === undefined ? { ca: readAuthority(ca_file) } : { fingerprint }
  return { url: url.replace(/\/$/, ''), token: readToken(token_file), trust }
}

function readAuthority(file: string): string {
  try {
    const text = readRegularFile(file, MOST_BYTES)
    // What is no certificate would be passed over later, and then nothing be trusted.
    new X509Certificate(text)
    return text
  } catch (error) {
    const message = `is no certificate authority that can be read: ${errorMessage(error)}`
    throw new ConfigError([{ file, line: undefined, key: '', message }])
  }
}
