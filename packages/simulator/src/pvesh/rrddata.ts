import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { Context } from '../pct/context.ts'
import { Failure, ParameterFailure } from '../pct/failure.ts'
import { type FetchedRow, KeptRrd } from '../rrd/kept-rrd.ts'
import { RRD_FORMATS } from '../rrd/rrd-format.ts'

export const TIMEFRAMES = ['hour', 'day', 'week', 'month', 'year'] as const
type Timeframe = (typeof TIMEFRAMES)[number]
type Setup = Readonly<Record<Timeframe, readonly [stepSeconds: number, count: number]>>

const HALF_HOUR = 1_800

/** Source: pve-cluster, src/PVE/RRD.pm, create_rrd_data, of 9.1 and of 8. */
const SETUP: Setup = {
  hour: [60, 60],
  day: [60, 1_440],
  week: [HALF_HOUR, 336],
  month: [HALF_HOUR, 1_440],
  year: [21_600, 1_440],
}
const OLD_SETUP: Setup = {
  hour: [60, 70],
  day: [HALF_HOUR, 70],
  week: [10_800, 70],
  month: [43_200, 70],
  year: [604_800, 70],
}

/**
 * The history of a container, as the versions of Proxmox give it that write the one format or the other. Of a row nothing stands there
 * that is not known; a file of before an upgrade comes first.
 * @throws {Failure} without a file
 */
export function rrddata(
  { paths, settings, time }: Context,
  vmid: number,
  values: Readonly<Record<string, string>>,
): readonly FetchedRow[] {
  const timeframe = TIMEFRAMES.find(name => name === values['timeframe'])
  if (timeframe === undefined) throw new ParameterFailure({ timeframe: 'property is missing and it is not optional' })
  const cf: 'AVERAGE' | 'MAX' = values['cf'] === 'MAX' ? 'MAX' : 'AVERAGE'
  const format = RRD_FORMATS[settings.rrdFormat]
  const isNewer = settings.rrdFormat === 'pve-vm-9.0'
  const path = `${paths.rrd}/${format.folder}/${vmid}`
  const kept = KeptRrd.read(path, format)
  if (kept === undefined) throw new Failure(`RRD error: opening '${path}': No such file or directory`)
  const nowSeconds = Math.floor(time.nowMs() / MS_PER_SECOND)
  const spanOf = ([stepSeconds, count]: Setup[Timeframe]) => {
    const toSeconds = nowSeconds - (nowSeconds % stepSeconds)
    return { function: cf, stepSeconds, fromSeconds: toSeconds - stepSeconds * count, toSeconds: toSeconds - 1 }
  }
  const span = spanOf((isNewer ? SETUP : OLD_SETUP)[timeframe])
  const oldFormat = RRD_FORMATS['pve2.3-vm']
  const old = isNewer ? KeptRrd.read(`${paths.rrd}/${oldFormat.folder}/${vmid}`, oldFormat) : undefined
  const isOldWanted = old !== undefined && span.fromSeconds < old.lastSeconds
  const rows = [
    ...(isOldWanted ? old.fetch({ ...spanOf(OLD_SETUP[timeframe]), toSeconds: old.lastSeconds }) : []),
    ...kept.fetch({ ...span, fromSeconds: isOldWanted ? old.lastSeconds : span.fromSeconds }),
  ]
  // Of the newest row nothing may be known yet.
  return isNewer && Object.keys(rows.at(-1) ?? {}).length === 1 ? rows.slice(0, -1) : rows
}
