import type { FileOptions, HostFiles, KernelFile } from '../host-files.ts'
import { type CgroupLayout, type Controller, controllerFolder } from './cgroup-layout.ts'

/** The files of the cgroups that carry the limits of one container. */
export interface CgroupFiles {
  readonly layout: CgroupLayout
  /** A file of one controller; undefined when the host has not mounted that. */
  file(controller: Controller, name: string, options?: FileOptions): KernelFile | undefined
}

/** The files of a container, each opened at its first read. */
export function cgroupFiles(files: HostFiles, layout: CgroupLayout, vmid: number): CgroupFiles {
  return {
    layout,
    file(controller, name, options) {
      const folder = controllerFolder(layout, controller, vmid)
      return folder === undefined ? undefined : files.file(folder, name, options)
    },
  }
}
