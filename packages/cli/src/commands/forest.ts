import { performance } from 'node:perf_hooks'
import { gunzipSync } from 'node:zlib'
import { AutoscaleError, errorMessage } from '@lxc-autoscale/core'
import { evaluateForest, type ForestEvaluation } from '@lxc-autoscale/model'
import { Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { standardTerminal } from '../output/terminal.ts'
import { readBytes } from '../read-text.ts'
import { countArgument } from './arguments.ts'

interface ForestCommandOptions {
  readonly data: string
  readonly labelColumn: string
  readonly seeds: number
  readonly json?: boolean
}

/** `lxc-autoscale forest`: how well the isolation forest finds the labelled anomalies of a table. */
export function forestCommand(): Command {
  return new Command('forest')
    .description('fit the isolation forest on a table and say how well it finds the labelled anomalies')
    .requiredOption('--data <file.csv>', 'numbers with a header line; .gz is unpacked')
    .option('--label-column <name>', 'the column that is 0 for normal rows', 'label')
    .option('--seeds <n>', 'forests to fit, each with another seed', countArgument, 10)
    .option('--json', 'print JSON')
    .action(({ data, labelColumn, seeds, json }: ForestCommandOptions) => {
      const { matrix, labels } = readTable(data, labelColumn)
      const evaluation = evaluateForest({ matrix, labels, seeds, monotonicMs: () => performance.now() })
      standardTerminal(json ?? false).answer(wire(evaluation), () => words(evaluation))
    })
}

function readTable(file: string, labelColumn: string) {
  const [header = [], ...lines] = parseCsv(file)
  const labelAt = header.indexOf(labelColumn)
  if (labelAt < 0) {
    throw new AutoscaleError('INVALID_REQUEST', `${file}: no column "${labelColumn}"; there are ${header.join(', ')}`)
  }
  const columns = header.length - 1
  const values = new Float64Array(lines.length * columns)
  const labels = new Float64Array(lines.length)
  lines.forEach((fields, row) => {
    let at = row * columns
    fields.forEach((field, index) => {
      const value = number(field, file, row + 2)
      if (index === labelAt) labels[row] = value
      else values[at++] = value
    })
  })
  return { matrix: { values, rows: lines.length, columns }, labels }
}

function parseCsv(file: string): string[][] {
  const bytes = readBytes(file)
  try {
    return parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, { skip_empty_lines: true, trim: true })
  } catch (error) {
    throw new AutoscaleError('INVALID_REQUEST', `${file}: ${errorMessage(error)}`, { cause: error })
  }
}

function number(field: string, file: string, line: number): number {
  const value = field === '' ? Number.NaN : Number(field)
  if (Number.isFinite(value)) return value
  throw new AutoscaleError('INVALID_REQUEST', `${file}: line ${line}: "${field}" is not a number`)
}

function wire({
  rows,
  columns,
  anomalies,
  seeds,
  auroc,
  averagePrecision,
  fitSeconds,
  scoreSeconds,
}: ForestEvaluation) {
  return {
    rows,
    columns,
    anomalies,
    seeds,
    auroc: auroc?.mean ?? null,
    auroc_sd: auroc?.sd ?? null,
    average_precision: averagePrecision?.mean ?? null,
    average_precision_sd: averagePrecision?.sd ?? null,
    fit_seconds: fitSeconds.mean,
    score_seconds: scoreSeconds.mean,
  }
}

function words(evaluation: ForestEvaluation): string {
  const { rows, columns, anomalies, seeds, auroc, averagePrecision, fitSeconds, scoreSeconds } = evaluation
  return [
    `${rows} rows x ${columns} columns, ${anomalies} labelled anomalies, ${seeds} seeds`,
    `AUROC              ${spread(auroc)}`,
    `average precision  ${spread(averagePrecision)}`,
    `fit                ${fitSeconds.mean.toFixed(3)} s`,
    `score              ${scoreSeconds.mean.toFixed(3)} s`,
  ].join('\n')
}

function spread(value: ForestEvaluation['auroc']): string {
  return value === undefined
    ? 'not known: all labels are alike'
    : `${value.mean.toFixed(4)} (sd ${value.sd.toFixed(4)})`
}
