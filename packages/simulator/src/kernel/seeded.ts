/**
 * A number in [0, 1) that depends on the parts alone: the same seed gives the same host, and a restarted engine goes on
 * where it was, because no generator has a state that could be lost. Source: the finaliser of MurmurHash3, 32 bits.
 */
export function seeded(...parts: readonly number[]): number {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash = mix(hash ^ Math.imul(part | 0, 0x85ebca6b))
    hash = mix(hash ^ Math.imul(Math.trunc(part / 2 ** 32), 0xc2b2ae35))
  }
  return hash / 2 ** 32
}

/** Smooth noise in [0, 1) that changes about once in each unit of `position`. */
export function smoothNoise(position: number, ...parts: readonly number[]): number {
  const cell = Math.floor(position)
  const share = position - cell
  const ease = share * share * (3 - 2 * share)
  return seeded(cell, ...parts) * (1 - ease) + seeded(cell + 1, ...parts) * ease
}

function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
