import { MS_PER_DAY, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { RrdFile } from './rrd-file.ts'
import { RRD_FORMATS } from './rrd-format.ts'

/** What a line says that is not kept: uptime, name, status, whether it is a template. Source: pve-cluster, status.c, update_rrd_data. */
const LIVE_FIGURES = 4
const DAY_SECONDS = MS_PER_DAY / MS_PER_SECOND

/** Keeps the figures of guests that pvestatd broadcasts, as pmxcfs does. */
export class RrdKeeper {
  readonly #paths: HostPaths
  /** Of the guests of the latest lines: one that has moved away may come back with another file. */
  #files: ReadonlyMap<string, RrdFile> = new Map()

  constructor(paths: HostPaths) {
    this.#paths = paths
  }

  /** Takes the lines of guests; others are left out. */
  keep(lines: readonly (readonly [key: string, figures: string])[]): void {
    const files = new Map<string, RrdFile>()
    for (const [key, figures] of lines) {
      const [name = '', vmid = ''] = key.split('/')
      if (name !== 'pve2.3-vm' && name !== 'pve-vm-9.0') continue
      const [time = '', ...values] = figures.split(':').slice(LIVE_FIGURES)
      const seconds = Number(time)
      const format = RRD_FORMATS[name]
      const path = `${this.#paths.rrd}/${format.folder}/${vmid}`
      // Proxmox lets a file begin at the last midnight, of which nothing is known.
      const file = this.#files.get(path) ?? RrdFile.open(path, format, seconds - (seconds % DAY_SECONDS))
      file.update(seconds, values.map(figure))
      files.set(path, file)
    }
    this.#files = files
  }
}

function figure(text: string): number {
  return text === 'U' ? Number.NaN : Number(text)
}
