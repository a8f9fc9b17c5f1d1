/** A container's claim on the CPUs of the host. */
export interface CpuClaim {
  /** Cores it would use, its own limits considered. */
  readonly wantedCores: number
  /** `cpu.weight`. */
  readonly weight: number
}

/**
 * Shares `hostCores` among claims: everybody gets what he wants if there is enough, else by weight, and what one
 * does not need goes to the others. Source: Documentation/admin-guide/cgroup-v2.rst, weights.
 * @returns cores for each claim, in the same order.
 */
export function shareCpu(claims: readonly CpuClaim[], hostCores: number): readonly number[] {
  const granted = claims.map(() => 0)
  let open = claims.map((_, at) => at)
  let left = hostCores
  while (open.length > 0) {
    const weights = open.reduce((sum, at) => sum + (claims[at]?.weight ?? 0), 0)
    const perWeight = left / weights
    const content = open.filter(at => (claims[at]?.wantedCores ?? 0) <= (claims[at]?.weight ?? 0) * perWeight)
    if (content.length === 0) {
      for (const at of open) granted[at] = (claims[at]?.weight ?? 0) * perWeight
      return granted
    }
    for (const at of content) {
      const wanted = claims[at]?.wantedCores ?? 0
      granted[at] = wanted
      left -= wanted
    }
    open = open.filter(at => !content.includes(at))
  }
  return granted
}
