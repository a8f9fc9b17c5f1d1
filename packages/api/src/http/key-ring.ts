import { hash, scrypt, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@lxc-autoscale/core'
import type { ApiKey } from './authentication-section.ts'
import type { Caller } from './caller.ts'
import { SlowChecks } from './slow-checks.ts'

/** Failed attempts with slow hashes that are remembered, so that repeating one costs nothing. */
const MAX_REMEMBERED = 10_000
/** Of SHA-256 in hexadecimal digits. */
const DIGEST_CHARACTERS = 64
/** What a key can look like; nothing else is worth a slow hash. */
const PLAUSIBLE = /^[\x21-\x7e]{8,512}$/

interface QuickKey {
  /** The text of its digest, as bytes. */
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
  /** By digest: those that are being checked, so that a key which many send at once is checked once. */
  readonly #checking = new Map<string, Promise<Caller | undefined>>()
  readonly #slowChecks: SlowChecks
  /** The digest that is being compared: another buffer for each request would cost more than the comparison. */
  readonly #digest = Buffer.alloc(DIGEST_CHARACTERS)

  constructor(keys: readonly ApiKey[], clock: Clock) {
    this.#slowChecks = new SlowChecks(clock)
    for (const { name, key, role, containers } of keys) {
      const caller = { key: name, role, containers: containers === undefined ? undefined : new Set(containers) }
      if (key.startsWith('$scrypt$')) this.#slow.push({ ...parseScrypt(key), caller })
      else this.#quick.push({ digest: Buffer.from(digestOf(key), 'latin1'), caller })
    }
  }

  get isEmpty(): boolean {
    return this.#quick.length + this.#slow.length === 0
  }

  /**
   * Who a key belongs to that came from `address`; undefined for a wrong one. A promise only when a slow hash must be
   * computed; it rejects with RATE_LIMITED when that cannot be done soon.
   */
  find(key: string, address: string): Caller | undefined | Promise<Caller | undefined> {
    const digest = sha256(key)
    const found = this.#findQuick(digest)
    if (found !== undefined || this.#slow.length === 0) return found
    if (this.#refused.has(digest) || !PLAUSIBLE.test(key)) return undefined
    const known = this.#checking.get(digest)
    if (known !== undefined) return known
    const check = this.#slowChecks
      .run(address, () => this.#checkSlow(key, digest))
      .finally(() => this.#checking.delete(digest))
    this.#checking.set(digest, check)
    return check
  }

  #findQuick(digest: string): Caller | undefined {
    let found: Caller | undefined
    this.#digest.write(digest, 'latin1')
    // No early end: each key is compared.
    for (const key of this.#quick) if (timingSafeEqual(key.digest, this.#digest)) found = key.caller
    return found
  }

  async #checkSlow(key: string, digest: string): Promise<Caller | undefined> {
    let found: Caller | undefined
    for (const slow of this.#slow) if (timingSafeEqual(slow.hash, await derive(key, slow))) found = slow.caller
    if (found === undefined) this.#remember(digest)
    else this.#quick.push({ digest: Buffer.from(digest, 'latin1'), caller: found })
    return found
  }

  #remember(digest: string): void {
    this.#refused.add(digest)
    const [oldest] = this.#refused
    if (this.#refused.size > MAX_REMEMBERED && oldest !== undefined) this.#refused.delete(oldest)
  }
}

/** In lower-case hexadecimal digits. */
function sha256(text: string): string {
  return hash('sha256', text)
}

function digestOf(key: string): string {
  const [, hex] = /^sha256:([0-9a-f]{64})$/i.exec(key) ?? []
  return hex === undefined ? sha256(key) : hex.toLowerCase()
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
