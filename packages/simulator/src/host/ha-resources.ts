import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { sharedPve } from './cluster-place.ts'

/** A container in `ha/resources.cfg`, which names those that the HA manager looks after. */
export interface HaResource {
  readonly vmid: number
  /** What was asked for. Source: pve-ha-manager, HA/Resources.pm. */
  readonly state: string
}

export function readHaResources(paths: HostPaths): readonly HaResource[] {
  const text = readIfThere(resourcesFile(paths)) ?? ''
  return text.split(/^(?=\S)/m).flatMap(section => {
    const vmid = /^ct:\s*(\d+)\s*$/m.exec(section)?.[1]
    const state = /^\s+state\s+(\S+)\s*$/m.exec(section)?.[1] ?? 'started'
    return vmid === undefined ? [] : [{ vmid: Number(vmid), state }]
  })
}

export function writeHaResources(paths: HostPaths, resources: readonly HaResource[]): void {
  const sections = resources.map(({ vmid, state }) => `ct: ${vmid}\n\tstate ${state}\n`)
  replaceText(resourcesFile(paths), sections.join('\n'))
}

/** Asks for another state of a container that the HA manager looks after. */
export function setHaState(paths: HostPaths, vmid: number, state: string): void {
  const resources = readHaResources(paths)
  writeHaResources(
    paths,
    resources.map(resource => (resource.vmid === vmid ? { vmid, state } : resource)),
  )
}

function resourcesFile(paths: HostPaths): string {
  return `${sharedPve(paths)}/ha/resources.cfg`
}
