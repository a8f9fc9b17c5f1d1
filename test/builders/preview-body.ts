import type { PreviewBody } from '@lxc-autoscale/core'
import { NO_LIMITS } from '@lxc-autoscale/host'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { type PreviewHostParts, previewHost } from '../../packages/cli/src/preview/preview-host.ts'
import type { RunningContainer } from '../../packages/cli/src/preview/running-containers.ts'
import { pastSteps } from './past-steps.ts'

/** What Proxmox has kept of a container that does next to nothing. */
export const idlePast = pastSteps(6, () => ({ cores: 0.2, memoryMb: 300 }))

export function runningContainer(vmid: number, changes: Partial<RunningContainer> = {}): RunningContainer {
  const limits = { ...NO_LIMITS, cores: 4, memoryMb: 4_096, swapMb: 512 }
  return { vmid, name: `ct${vmid}`, tags: [], limits, raw: { cores: undefined, memory: undefined }, ...changes }
}

/** What `lxc-autoscale preview` would tell of idle containers. */
export async function previewBody(parts: Partial<PreviewHostParts>): Promise<PreviewBody> {
  const told = await previewHost(
    {
      containers: [runningContainer(101)],
      readPast: () => ({ steps: idlePast, problems: [] }),
      config: MODEL_CONFIG_RULES.schema.parse({}),
      days: 1,
      host: { cores: 8, memoryMb: 16_384 },
      memoryMargin: { mb: 32, percent: 5 },
      utcOffsetMs: 0,
      ...parts,
    },
    { update: () => undefined, nextPart: async () => undefined },
  )
  return { made_at: '2026-01-07T00:00:00.000Z', node: 'pve', days: 1, settings_file: null, settings: {}, ...told }
}
