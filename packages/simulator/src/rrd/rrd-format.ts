/** Name of a figure, and how it is counted: as it stands, or by how fast it grows. */
export type RrdSource = readonly [name: string, type: 'GAUGE' | 'DERIVE']
/** How many minutes make a row, how many rows are kept, and what of the minutes a row holds. */
export interface RrdArchive {
  readonly function: 'AVERAGE' | 'MAX'
  readonly minutes: number
  readonly rows: number
}

export interface RrdFormat {
  /** Folder of the files of guests. */
  readonly folder: string
  readonly sources: readonly RrdSource[]
  readonly archives: readonly RrdArchive[]
}

const FIRST_SOURCES: readonly RrdSource[] = [
  ['maxcpu', 'GAUGE'],
  ['cpu', 'GAUGE'],
  ['maxmem', 'GAUGE'],
  ['mem', 'GAUGE'],
  ['maxdisk', 'GAUGE'],
  ['disk', 'GAUGE'],
  ['netin', 'DERIVE'],
  ['netout', 'DERIVE'],
  ['diskread', 'DERIVE'],
  ['diskwrite', 'DERIVE'],
]
const LATER_SOURCES = ['memhost', 'cpusome', 'cpufull', 'iosome', 'iofull', 'memorysome', 'memoryfull'].map(
  (name, at): RrdSource => [at === 0 ? name : `pressure${name}`, 'GAUGE'],
)

function archives(kept: readonly (readonly [minutes: number, rows: number])[]): readonly RrdArchive[] {
  const both: readonly RrdArchive['function'][] = ['AVERAGE', 'MAX']
  return both.flatMap(name => kept.map(([minutes, rows]) => ({ function: name, minutes, rows })))
}

/** By the key under which pvestatd broadcasts. Source: pve-cluster, src/pmxcfs/status.c, rrd_def_vm of 8 and rrd_def_vm_pve9_0. */
export const RRD_FORMATS: Readonly<Record<'pve2.3-vm' | 'pve-vm-9.0', RrdFormat>> = {
  'pve2.3-vm': {
    folder: 'pve2-vm',
    sources: FIRST_SOURCES,
    archives: archives([
      [1, 70],
      [30, 70],
      [180, 70],
      [720, 70],
      [10_080, 70],
    ]),
  },
  'pve-vm-9.0': {
    folder: 'pve-vm-9.0',
    sources: [...FIRST_SOURCES, ...LATER_SOURCES],
    archives: archives([
      [1, 1_440],
      [30, 1_440],
      [360, 1_440],
      [10_080, 570],
    ]),
  },
}
