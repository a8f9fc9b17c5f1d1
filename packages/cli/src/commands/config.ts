import { basename, join } from 'node:path'
import {
  AutoscaleError,
  type ConfigRules,
  configKeys,
  isSecretKey,
  loadConfig,
  markdownReference,
  readConfigText,
} from '@lxc-autoscale/core'
import { Command } from 'commander'
import { stringify } from 'yaml'
import type { z } from 'zod'
import { compareConfigs } from '../compare-configs.ts'
import { hostFacts } from '../host-facts.ts'
import { type Migration, migrateConfig, migrateValues } from '../migrate-config.ts'
import { isMap, readOldFile } from '../old-file.ts'
import { standardTerminal, table } from '../output/terminal.ts'
import { translateLxcAutoscale } from '../translate-lxc-autoscale.ts'
import { writeConfig } from '../write-config.ts'
import { folderArgument } from './arguments.ts'
import { CONFIG_FILES } from './command-context.ts'

interface ConfigOptions {
  readonly configDir: string
  readonly json?: boolean
}

interface MigrateOptions {
  readonly write?: string
  readonly json?: boolean
}

/** Exit code of a migration that could not take over everything that has a place here. */
const SOMETHING_REFUSED = 3

/** The configuration rules of a daemon by the name of its file. The packages are loaded only when they are needed. */
async function rulesOf(file: string): Promise<ConfigRules<z.ZodType>> {
  const name = basename(file)
  if (name === CONFIG_FILES.monitor) return import('@lxc-autoscale/monitor').then(({ MONITOR_RULES }) => MONITOR_RULES)
  if (name === CONFIG_FILES.model)
    return import('@lxc-autoscale/model').then(({ MODEL_CONFIG_RULES }) => MODEL_CONFIG_RULES)
  if (name === CONFIG_FILES.api) return import('@lxc-autoscale/api').then(({ API_CONFIG_RULES }) => API_CONFIG_RULES)
  throw new AutoscaleError(
    'CONFIG_INVALID',
    `${file}: not the name of a configuration file; there are ${Object.values(CONFIG_FILES).join(', ')}`,
  )
}

/** `lxc-autoscale config check|show|diff|migrate`. */
export function configCommand(): Command {
  return new Command('config')
    .description('check, show and migrate the configuration')
    .addCommand(checkCommand())
    .addCommand(showCommand())
    .addCommand(diffCommand())
    .addCommand(referenceCommand())
    .addCommand(migrateCommand())
}

function withDirectory(command: Command): Command {
  return command
    .option('--config-dir <folder>', 'where the three configuration files are', folderArgument, '/etc/lxc_autoscale_ml')
    .option('--json', 'print JSON')
}

function checkCommand(): Command {
  return withDirectory(new Command('check'))
    .description(
      'every problem of the three files, and what does not go together; exit code 78 when there is a problem',
    )
    .action(async ({ configDir, json }: ConfigOptions) => {
      const results = await checkedFiles(configDir)
      if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 78
      standardTerminal(json ?? false).answer(results, shown =>
        shown
          .flatMap(({ file, problems, warnings }) => [
            ...problems,
            ...warnings.map(warning => `warning: ${warning}`),
            ...(problems.length === 0 ? [`${file}: ok`] : []),
          ])
          .join('\n'),
      )
    })
}

interface CheckedFile<Config> {
  readonly file: string
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  /** Undefined when there are problems. */
  readonly config: Config | undefined
}

/** Each file by itself, and what does not go together. */
async function checkedFiles(configDir: string): Promise<Omit<CheckedFile<unknown>, 'config'>[]> {
  const [{ MONITOR_RULES }, { MODEL_CONFIG_RULES }, { API_CONFIG_RULES }] = await Promise.all([
    import('@lxc-autoscale/monitor'),
    import('@lxc-autoscale/model'),
    import('@lxc-autoscale/api'),
  ])
  const files = {
    monitor: checkedFile(join(configDir, CONFIG_FILES.monitor), MONITOR_RULES),
    model: checkedFile(join(configDir, CONFIG_FILES.model), MODEL_CONFIG_RULES),
    api: checkedFile(join(configDir, CONFIG_FILES.api), API_CONFIG_RULES),
  }
  const configs = { monitor: files.monitor.config, model: files.model.config, api: files.api.config }
  const mismatches = compareConfigs(configs, hostFacts(configs))
  return (['monitor', 'model', 'api'] as const).map(daemon => {
    const { file, problems, warnings } = files[daemon]
    const own = mismatches
      .filter(mismatch => mismatch.daemon === daemon)
      .map(({ key, text }) => `${file}: ${key}: ${text}`)
    return { file, problems, warnings: [...warnings, ...own] }
  })
}

function checkedFile<Schema extends z.ZodType>(
  file: string,
  rules: ConfigRules<Schema>,
): CheckedFile<z.output<Schema>> {
  try {
    return { file, problems: [], ...loadConfig(file, rules) }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    return { file, problems: error.message.split('\n'), warnings: [], config: undefined }
  }
}

function showCommand(): Command {
  return withDirectory(new Command('show'))
    .description('the configuration in force, defaults filled in')
    .action(async ({ configDir, json }: ConfigOptions) => {
      const files = await Promise.all(
        Object.values(CONFIG_FILES).map(async name => [name, await inForce(configDir, name)]),
      )
      standardTerminal(json ?? false).answer(redact(Object.fromEntries(files)), () =>
        files.map(([name, config]) => `# ${name}\n${stringify(redact(config))}`).join('\n'),
      )
    })
}

function diffCommand(): Command {
  return withDirectory(new Command('diff'))
    .description('what differs from the defaults')
    .action(async ({ configDir, json }: ConfigOptions) => {
      const rows = (
        await Promise.all(
          Object.values(CONFIG_FILES).map(async name => {
            const { schema } = await rulesOf(name)
            return differences(redact(schema.parse({})), redact(await inForce(configDir, name)), '').map(row => ({
              file: name,
              ...row,
            }))
          }),
        )
      ).flat()
      standardTerminal(json ?? false).answer(rows, shown =>
        shown.length === 0
          ? 'every key has its default'
          : table(
              ['FILE', 'KEY', 'DEFAULT', 'HERE'],
              shown.map(({ file, key, standard, here }) => [file, key, JSON.stringify(standard), JSON.stringify(here)]),
            ),
      )
    })
}

function referenceCommand(): Command {
  return new Command('reference')
    .description('every key with its meaning, as Markdown')
    .option('--json', 'print JSON: the names of the keys')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const files = await Promise.all(
        Object.values(CONFIG_FILES).map(async name => ({ name, ...(await rulesOf(name)) })),
      )
      standardTerminal(json ?? false).answer(
        Object.fromEntries(files.map(({ name, schema }) => [name, configKeys(schema)])),
        () => files.map(({ name, schema }) => `## ${name}\n\n${markdownReference(schema)}\n`).join('\n'),
      )
    })
}

function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      "read a file of the Python predecessor or of LXC AutoScale and say what becomes of each key; the file's name says which it is; exit code 3 when a value was refused",
    )
    .argument('<file>', `a file named ${[...Object.values(CONFIG_FILES), LXC_AUTOSCALE_FILE].join(', ')}`)
    .option('--write <file>', 'write the new file there; what was there before is kept as FILE.old')
    .option('--json', 'print JSON')
    .action(async (file: string, { write, json }: MigrateOptions) => {
      const text = readConfigText(file)
      const migration = await migrated(file, text, write ?? file)
      if (write !== undefined) await writeConfig(write, migration.yaml)
      if (migration.keys.some(({ fate }) => fate === 'refused')) process.exitCode = SOMETHING_REFUSED
      standardTerminal(json ?? false).answer(migration, () =>
        [
          table(
            ['KEY', 'FATE', 'NOTE'],
            migration.keys.map(({ key, fate, note }) => [key, fate, note]),
          ),
          '',
          write === undefined ? newFileText(migration.yaml) : `written: ${write}`,
        ].join('\n'),
      )
    })
}

/** The file of LXC AutoScale, which had one daemon; its settings go to the model. */
const LXC_AUTOSCALE_FILE = 'lxc_autoscale.yaml'

/** @throws {ConfigError} when the file is no YAML, {AutoscaleError} when its name or that of the new file is not known. */
async function migrated(file: string, text: string, newFile: string): Promise<Migration> {
  if (basename(file) !== LXC_AUTOSCALE_FILE) {
    const isNamed = Object.values<string>(CONFIG_FILES).includes(basename(file))
    return migrateConfig(file, text, await rulesOf(isNamed ? file : newFile))
  }
  const old = readOldFile(file, text)
  const { values, lost } = translateLxcAutoscale(old.values)
  const migration = migrateValues(values, old, await rulesOf(CONFIG_FILES.model))
  return { ...migration, keys: [...migration.keys, ...lost] }
}

function newFileText(yaml: string): string {
  return yaml === '' ? 'the new file is empty: every value is our default' : `# the new file:\n${yaml}`
}

async function inForce(configDir: string, name: string): Promise<unknown> {
  const file = join(configDir, name)
  return loadConfig(file, await rulesOf(file)).config
}

interface Difference {
  readonly key: string
  readonly standard: unknown
  readonly here: unknown
}

function differences(standard: unknown, here: unknown, prefix: string): Difference[] {
  if (!isMap(standard) || !isMap(here)) {
    return JSON.stringify(standard) === JSON.stringify(here) ? [] : [{ key: prefix, standard, here }]
  }
  const keys = [...new Set([...Object.keys(standard), ...Object.keys(here)])]
  return keys.flatMap(key => differences(standard[key], here[key], prefix === '' ? key : `${prefix}.${key}`))
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

/** The same value without the secrets that a configuration may hold. */
function redact(value: unknown, key = ''): unknown {
  if (key === 'url' && typeof value === 'string') return redactedUrl(value)
  if (isSecretKey(key) && !isEmpty(value)) return '[redacted]'
  if (Array.isArray(value)) return value.map(element => redact(element))
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, redact(inside, name)]))
}

/** The path of a webhook is its key. */
function redactedUrl(text: string): string {
  if (!URL.canParse(text)) return '[redacted]'
  const { origin, pathname, search, username } = new URL(text)
  const isBare = pathname === '/' && search === '' && username === ''
  return isBare ? text : `${origin}/[redacted]`
}
