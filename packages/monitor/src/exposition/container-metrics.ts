import { type ContainerSample, parseCycle } from '@lxc-autoscale/core'
import { COLLECTORS } from '../collectors/index.ts'

/** The newest figures of the containers, for the exposition. */
export interface LatestCycle {
  /** The cycle as it stands in the metrics file. */
  readonly line: Uint8Array
  readonly nameOf: (vmid: number) => string | undefined
}

const METRICS = Object.values(COLLECTORS).flatMap(({ metrics }) => metrics)

/**
 * The figures of all containers in the text format of Prometheus. It is made from the last cycle when somebody asks for
 * it: keeping some twenty values per container in a registry in each cycle would cost more than measuring them.
 */
export function formatContainerMetrics({ line, nameOf }: LatestCycle): string {
  const containers = parseCycle(Buffer.from(line).toString('latin1'))?.containers ?? new Map<number, ContainerSample>()
  const lines: string[] = []
  for (const { name, type, help, value } of METRICS) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [vmid, sample] of containers) {
      const known = value(sample)
      if (known !== undefined) lines.push(`${name}{vmid="${vmid}"} ${known}`)
    }
  }
  lines.push('# HELP lxc_container_info Name of the container; always 1.', '# TYPE lxc_container_info gauge')
  for (const vmid of containers.keys()) {
    lines.push(`lxc_container_info{vmid="${vmid}",name="${escapeLabel(nameOf(vmid) ?? `CT${vmid}`)}"} 1`)
  }
  return `${lines.join('\n')}\n`
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
