import { accessSync, constants } from 'node:fs'
import { hostname, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import type { ApiConfig } from '@lxc-autoscale/api'
import {
  AutoscaleError,
  type ConfigRules,
  errorMessage,
  loadConfig,
  MS_PER_DAY,
  MS_PER_MINUTE,
  type PreviewBody,
  parseConfig,
  replaceFile,
} from '@lxc-autoscale/core'
import { HostFiles, openHostFigures, pastContents, pastOf } from '@lxc-autoscale/host'
import { MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { otherThanBuiltIn } from '@lxc-autoscale/replay'
import { Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import { startProgress } from '../output/progress.ts'
import { standardTerminal } from '../output/terminal.ts'
import { previewHost } from '../preview/preview-host.ts'
import { previewPage, previewTemplate } from '../preview/preview-page.ts'
import { previewText } from '../preview/preview-text.ts'
import { runningContainers } from '../preview/running-containers.ts'
import { countArgument, folderArgument, statOf } from './arguments.ts'
import { CONFIG_FILES } from './command-context.ts'

interface PreviewOptions {
  readonly days: number
  readonly html?: string
  readonly json?: boolean
  readonly configDir?: string
}

const CONFIG_DIR = '/etc/lxc_autoscale_ml'
/** Beyond it Proxmox keeps quarters of days and more. */
const MOST_DAYS = 60
/** The lowest: whatever else the host does goes first. */
const NICEST = 19
const PAGE_MODE = 0o644

/** `lxc-autoscale preview`: what would have been done with the past that Proxmox has kept. It needs no daemon and changes nothing. */
export function previewCommand(): Command {
  return new Command('preview')
    .description('what would have been done in the last weeks, by what Proxmox has kept; before anything is changed')
    .option('--days <n>', `how far back, at most ${MOST_DAYS}`, daysArgument, 30)
    .option('--html <file>', 'write one page with the curves too', pageArgument)
    .option(
      '--config-dir <folder>',
      `where the configuration files are (default: ${CONFIG_DIR}, if it is there)`,
      folderArgument,
    )
    .option('--json', 'print JSON')
    .action(async (options: PreviewOptions) => {
      setPriority(NICEST)
      const { html } = options
      // Before minutes are spent: it may not be there.
      const template = html === undefined ? '' : previewTemplate()
      const body = await readPreview(options)
      if (html !== undefined) await writePage(html, previewPage(template, body))
      standardTerminal(options.json ?? false).answer(body, shown =>
        [previewText(shown), ...(html === undefined ? [] : ['', `The curves: ${html}`])].join('\n'),
      )
    })
}

async function readPreview({ days, configDir = CONFIG_DIR }: PreviewOptions): Promise<PreviewBody> {
  const { API_CONFIG_RULES } = await import('@lxc-autoscale/api')
  const { config, file } = readableConfig(configDir, CONFIG_FILES.model, MODEL_CONFIG_RULES)
  const { safety, host: roots } = readableConfig(configDir, CONFIG_FILES.api, API_CONFIG_RULES).config
  const files = new HostFiles()
  const containers = runningContainers(files, config.host)
  const nowMs = Date.now()
  const progress = startProgress('looking back', containers.length)
  try {
    const preview = await previewHost(
      {
        containers,
        readPast: vmid => {
          const problems: string[] = []
          const onProblem = (problem: string) => problems.push(problem)
          const contents = pastContents(files, roots.rrd, vmid)
          return { steps: pastOf(contents, { nowMs, sinceMs: nowMs - days * MS_PER_DAY, onProblem }), problems }
        },
        config,
        days,
        host: openHostFigures(files, config.host.proc)(),
        memoryMargin: { mb: safety.memory_margin_mb, percent: safety.memory_margin_percent },
        utcOffsetMs: -new Date(nowMs).getTimezoneOffset() * MS_PER_MINUTE,
      },
      progress,
    )
    return {
      made_at: new Date(nowMs).toISOString(),
      node: hostname(),
      days,
      settings_file: file ?? null,
      settings: otherThanBuiltIn(config.scaling),
      ...preview,
      notes: [...preview.notes, ...boundsNote(safety)],
    }
  } finally {
    progress.stop()
  }
}

function boundsNote({ limits, containers }: Pick<ApiConfig['safety'], 'limits' | 'containers'>): string[] {
  const bounded = [...Object.keys(limits), ...Object.keys(containers)]
  return bounded.length === 0
    ? []
    : ['The bounds that the API keeps besides (safety.limits, safety.containers) are left out.']
}

/** The configuration in `file`; as built in where none can be read. @throws {ConfigError} naming every problem. */
function readableConfig<Schema extends z.ZodType>(
  configDir: string,
  name: string,
  rules: ConfigRules<Schema>,
): { readonly file: string | undefined; readonly config: z.output<Schema> } {
  const file = join(configDir, name)
  if (isReadable(file)) return { file, config: loadConfig(file, rules).config }
  return { file: undefined, config: parseConfig({ file, text: '' }, rules).config }
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    // Not there, or not for this user: then nobody knows what stands in it, and what was assumed is told.
    return false
  }
}

function daysArgument(text: string): number {
  const days = countArgument(text)
  if (days > MOST_DAYS) throw new InvalidArgumentError(`must be at most ${MOST_DAYS}`)
  return days
}

/** Looked at before minutes are spent: a device or a folder would be replaced, or not. */
function pageArgument(file: string): string {
  folderArgument(dirname(file))
  if (statOf(file)?.isFile() === false) {
    throw new InvalidArgumentError('is there, and is no regular file')
  }
  return file
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await replaceFile(file, page, PAGE_MODE)
  } catch (error) {
    throw new AutoscaleError('HOST_UNREADABLE', `${file}: ${errorMessage(error)}`, { cause: error })
  }
}
