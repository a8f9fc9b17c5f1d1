/** `0-1,3` -> [0, 1, 3]. Source: Linux, cpuset(7), list format. */
export function parseCpuList(text: string): readonly number[] {
  const cpus: number[] = []
  for (const part of text.trim().split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (match === null) continue
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu)
  }
  return cpus
}

/** The kernel's own spelling: sorted, neighbours joined to ranges. */
export function formatCpuList(cpus: readonly number[]): string {
  const sorted = [...cpus].sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const cpu of sorted) {
    const open = ranges.at(-1)
    if (open !== undefined && cpu === open[1] + 1) open[1] = cpu
    else ranges.push([cpu, cpu])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** All CPUs of a host. */
export function allCpus(count: number): readonly number[] {
  return Array.from({ length: count }, (_, cpu) => cpu)
}
