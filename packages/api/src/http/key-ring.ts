import { createHash, scrypt, timingSafeEqual } from 'node:crypto'
import type { ApiKey } from './authentication-section.ts'
import type { Caller } from './caller.ts'

/** Failed attempts with slow hashes that are remembered, so that repeating one costs nothing. */
const MAX_REMEMBERED = 1_000

interface QuickKey {
  readonly digest: Buffer
  readonly caller: Caller
}

interface SlowKey {
  readonly cost: number
  readonly blockSize: number
  readonly parallelisation: number
  readonly salt: Buffer
  readonly hash: Buffer
  readonly caller: Caller
}

/** All keys that are accepted. Every comparison takes the same time, whatever part of a key was guessed. */
export class KeyRing {
  readonly #quick: QuickKey[] = []
  readonly #slow: SlowKey[] = []
  /** Digests of keys that a slow hash refused. */
  readonly #refused = new Set<string>()
  #lastSlowCheck: Promise<unknown> = Promise.resolve()

  constructor(keys: readonly ApiKey[]) {
    for (const { name, key, role, containers } of keys) {
      const caller = { key: name, role, containers: containers === undefined ? undefined : new Set(containers) }
      if (key.startsWith('$scrypt$')) this.#slow.push({ ...parseScrypt(key), caller })
      else this.#quick.push({ digest: digestOf(key), caller })
    }
  }

  get isEmpty(): boolean {
    return this.#quick.length + this.#slow.length === 0
  }

  /** Who a key belongs to; undefined for a wrong one. A promise only when a slow hash must be computed. */
  find(key: string): Caller | undefined | Promise<Caller | undefined> {
    const digest = sha256(key)
    const found = this.#findQuick(digest)
    if (found !== undefined || this.#slow.length === 0 || this.#refused.has(digest.toString('hex'))) return found
    return this.#findSlow(key, digest)
  }

  #findQuick(digest: Buffer): Caller | undefined {
    let found: Caller | undefined
    // No early end: each key is compared.
    for (const key of this.#quick) if (timingSafeEqual(key.digest, digest)) found = key.caller
    return found
  }

  /** One at a time: scrypt takes 32 MB and a core for a tenth of a second, which nobody may multiply. */
  #findSlow(key: string, digest: Buffer): Promise<Caller | undefined> {
    const check = this.#lastSlowCheck.then(() => this.#checkSlow(key, digest))
    this.#lastSlowCheck = check
    return check
  }

  async #checkSlow(key: string, digest: Buffer): Promise<Caller | undefined> {
    const known = this.#findQuick(digest)
    const name = digest.toString('hex')
    if (known !== undefined || this.#refused.has(name)) return known
    let found: Caller | undefined
    for (const slow of this.#slow) if (timingSafeEqual(slow.hash, await derive(key, slow))) found = slow.caller
    if (found === undefined) this.#remember(name)
    else this.#quick.push({ digest, caller: found })
    return found
  }

  #remember(digest: string): void {
    if (this.#refused.size >= MAX_REMEMBERED) this.#refused.clear()
    this.#refused.add(digest)
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}

function digestOf(key: string): Buffer {
  const [, hex] = /^sha256:([0-9a-f]{64})$/i.exec(key) ?? []
  return hex === undefined ? sha256(key) : Buffer.from(hex, 'hex')
}

function parseScrypt(text: string): Omit<SlowKey, 'caller'> {
  const [, ln = '', r = '', p = '', salt = '', hash = ''] =
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(text) ?? []
  return {
    cost: 2 ** Number(ln),
    blockSize: Number(r),
    parallelisation: Number(p),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  }
}

function derive(key: string, { cost, blockSize, parallelisation, salt, hash }: SlowKey): Promise<Buffer> {
  const options = { N: cost, r: blockSize, p: parallelisation, maxmem: 256 * cost * blockSize }
  return new Promise((resolve, reject) => {
    scrypt(key, salt, hash.length, options, (error, derived) => (error === null ? resolve(derived) : reject(error)))
  })
}
