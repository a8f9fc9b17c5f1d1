import { errorMessage, readRegularFile, visibleText } from '@lxc-autoscale/core'
import { SendFailure } from './send-failure.ts'

/** More than any secret has. */
const MOST_BYTES = 4_096

/** The secrets of one target, read when they are needed, and kept out of what is told of it. */
export class Secrets {
  readonly #known: string[] = []

  /** What is written down, or stands in a file. @throws {SendFailure} when the file holds none */
  read(text: string | undefined, file: string | undefined): string | undefined {
    const secret = text ?? (file === undefined ? undefined : readSecret(file))
    if (secret !== undefined) this.add(secret)
    return secret
  }

  add(...secrets: readonly string[]): void {
    this.#known.push(...secrets)
    // The longest first: what holds another one is to go as a whole.
    this.#known.sort((a, b) => b.length - a.length)
  }

  /** `text` on one line, without the secrets. */
  keptOut(text: string): string {
    return this.#known.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), visibleText(text))
  }
}

function readSecret(file: string): string {
  const secret = readText(file).trim()
  if (/^\P{Cc}+$/u.test(secret)) return secret
  throw new SendFailure(`${file} must hold the secret on one line`)
}

function readText(file: string): string {
  try {
    return readRegularFile(file, MOST_BYTES)
  } catch (error) {
    throw new SendFailure(`${file} cannot be read: ${errorMessage(error)}`)
  }
}
