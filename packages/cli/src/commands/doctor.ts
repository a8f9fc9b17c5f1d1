import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AutoscaleError, type ConfigRules } from '@lxc-autoscale/core'
import { Command } from 'commander'
import type { z } from 'zod'
import { good as allRight, type Check, type Finding, type Patient, bad as wrong } from '../doctor/check.ts'
import { cgroupMode, clock, diskSpace, pctIsThere, quorum, unitsRun } from '../doctor/host-checks.ts'
import { restInterface, rootHelper } from '../doctor/rest-checks.ts'
import { apiAnswers, deciding, freshData, keysMatch, rawLimits } from '../doctor/service-checks.ts'
import { bad, good, warned } from '../output/terminal.ts'
import { CONFIG_FILES, commandContext, type HostOptions, withHostOptions } from './command-context.ts'
import { installedConfig } from './installed-config.ts'

/** `lxc-autoscale doctor`: looks for what is known to go wrong, and says how to mend it. */
export function doctorCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  return withHostOptions(new Command('doctor'))
    .description('look for what is known to go wrong, and say how to mend it; exit code 1 when something is wrong')
    .action(async (options: HostOptions) => {
      const { api: client, terminal, configDir } = commandContext(options, environment)
      const { patient, problems } = await examined(configDir, client)
      const findings = [
        ...configurationFindings(configDir, problems),
        ...(await Promise.all(checks(environment['PATH'] ?? '').map(check => findingsOf(check, patient)))).flat(),
      ]
      if (findings.some(({ isGood }) => isGood === false)) process.exitCode = 1
      terminal.answer(findings, shown => [...shown.map(line), summary(shown)].join('\n'))
    })
}

function configurationFindings(configDir: string, problems: readonly Finding[]) {
  const name = 'configuration'
  if (problems.length === 0) return [{ name, ...allRight(`the three files in ${configDir} can be used`) }]
  return problems.map(problem => ({ name, ...problem }))
}

/** The checks, in the order in which a person would look. ADD YOURS HERE. */
function checks(path: string): Check[] {
  return [
    deciding,
    unitsRun,
    pctIsThere(path),
    restInterface,
    rootHelper,
    cgroupMode,
    quorum,
    clock,
    diskSpace,
    freshData,
    apiAnswers,
    keysMatch,
    rawLimits,
  ]
}

async function findingsOf(check: Check, patient: Patient): Promise<(Finding & { readonly name: string })[]> {
  const found = await check.look(patient)
  return [found].flat().map(finding => ({ name: check.name, ...finding }))
}

interface Examined {
  readonly patient: Patient
  readonly problems: readonly Finding[]
}

async function examined(configDir: string, client: Patient['client']): Promise<Examined> {
  const [{ MONITOR_RULES }, { MODEL_CONFIG_RULES }, { API_CONFIG_RULES }] = await Promise.all([
    import('@lxc-autoscale/monitor'),
    import('@lxc-autoscale/model'),
    import('@lxc-autoscale/api'),
  ])
  const problems: Finding[] = []
  const attempt = <Schema extends z.ZodType>(name: string, rules: ConfigRules<Schema>) => {
    const file = join(configDir, name)
    if (!existsSync(file)) problems.push(missing(name, file))
    try {
      return installedConfig(configDir, name, rules)
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      problems.push(...error.message.split('\n').map(text => wrong(text, correction(name))))
      return undefined
    }
  }
  const patient = {
    configDir,
    client,
    nowMs: Date.now(),
    monitor: attempt(CONFIG_FILES.monitor, MONITOR_RULES),
    model: attempt(CONFIG_FILES.model, MODEL_CONFIG_RULES),
    api: attempt(CONFIG_FILES.api, API_CONFIG_RULES),
  }
  return { patient, problems }
}

/** Where the package keeps its default files; an administrator may have lost his. */
const DEFAULT_FILES = '/usr/share/lxc-autoscale-ml/config'

/** The files of model and API may hold keys: only these groups may read them. */
const READERS: Readonly<Record<string, string>> = {
  [CONFIG_FILES.model]: '-m 640 -g lxc-autoscale',
  [CONFIG_FILES.api]: '-m 640 -g lxc-autoscale-api',
}

function missing(name: string, file: string): Finding {
  const unit = unitOf(name)
  const install = `install ${READERS[name] ?? '-m 644'} ${DEFAULT_FILES}/${name} ${file}`
  return wrong(`${file} is not there; ${unit} does not start without it`, `${install}; systemctl restart ${unit}`)
}

function correction(name: string): string {
  return `correct it (lxc-autoscale config reference explains every key), then systemctl reload-or-restart ${unitOf(name)}`
}

/** A configuration file is named after its unit. */
function unitOf(name: string): string {
  return name.replace(/\.yaml$/, '')
}

function line({ name, isGood, detail, mend }: Finding & { readonly name: string }): string {
  const mark = isGood === undefined ? warned('? ') : markOf(isGood)
  return `${mark} ${name}: ${detail}${mend === '' ? '' : `\n     mend: ${mend}`}`
}

function summary(findings: readonly Finding[]): string {
  const toMend = findings.filter(({ isGood }) => isGood === false).length
  const unseen = findings.filter(({ isGood }) => isGood === undefined).length
  const rest = unseen === 0 ? '' : `; not looked at: ${unseen}`
  return toMend === 0 ? `nothing is wrong${rest}` : bad(`${toMend} to mend${rest}`)
}

function markOf(isGood: boolean): string {
  return isGood ? good('ok') : bad('!!')
}
