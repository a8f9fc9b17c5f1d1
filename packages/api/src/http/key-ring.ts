import { createHash, scrypt, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@lxc-autoscale/core'
import type { ApiKey } from './authentication-section.ts'
import type { Caller } from './caller.ts'
import { SlowChecks } from './slow-checks.ts'

/** Failed attempts with slow hashes that are remembered, so that repeating one costs nothing. */
const MAX_REMEMBERED = 10_000
/** What a key can look like; nothing else is worth a slow hash. */
const PLAUSIBLE = /^[\x21-\x7e]{8,512}$/

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
  /** By digest: those that are being checked, so that a key which many send at once is checked once. */
  readonly #checking = new Map<string, Promise<Caller | undefined>>()
  readonly #slowChecks: SlowChecks

  constructor(keys: readonly ApiKey[], clock: Clock) {
    this.#slowChecks = new SlowChecks(clock)
    for (const { name, key, role, containers } of keys) {
      const caller = { key: name, role, containers: containers === undefined ? undefined : new Set(containers) }
      if (key.startsWith('$scrypt$')) this.#slow.push({ ...parseScrypt(key), caller })
      else this.#quick.push({ digest: digestOf(key), caller })
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
    const name = digest.toString('hex')
    const found = this.#findQuick(digest)
    const isKnown = found !== undefined || this.#slow.length === 0 || this.#refused.has(name)
    if (isKnown || !PLAUSIBLE.test(key)) return found
    const known = this.#checking.get(name)
    if (known !== undefined) return known
    const check = this.#slowChecks
      .run(address, () => this.#checkSlow(key, digest))
      .finally(() => this.#checking.delete(name))
    this.#checking.set(name, check)
    return check
  }

  #findQuick(digest: Buffer): Caller | undefined {
    let found: Caller | undefined
    // No early end: each key is compared.
    for (const key of this.#quick) if (timingSafeEqual(key.digest, digest)) found = key.caller
    return found
  }

  async #checkSlow(key: string, digest: Buffer): Promise<Caller | undefined> {
    let found: Caller | undefined
    for (const slow of this.#slow) if (timingSafeEqual(slow.hash, await derive(key, slow))) found = slow.caller
    if (found === undefined) this.#remember(digest.toString('hex'))
    else this.#quick.push({ digest, caller: found })
    return found
  }

  #remember(digest: string): void {
    this.#refused.add(digest)
    const [oldest] = this.#refused
    if (this.#refused.size > MAX_REMEMBERED && oldest !== undefined) this.#refused.delete(oldest)
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
