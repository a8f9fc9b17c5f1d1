import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AutoscaleError, type ConfigRules } from '@lxc-autoscale/core'
import { Command } from 'commander'
import type { z } from 'zod'
import { good as allRight, type Check, type Finding, type Patient, bad as wrong } from '../doctor/check.ts'
import { cgroupMode, clock, diskSpace, pctIsThere, quorum, unitsRun } from '../doctor/host-checks.ts'
import { apiAnswers, freshData, keysMatch, rawLimits } from '../doctor/service-checks.ts'
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
        ...(await Promise.all(checks(environment['PATH'] ?? '').map(check => findingOf(check, patient)))),
      ]
      if (findings.some(({ isGood }) => isGood === false)) process.exitCode = 1
      terminal.answer(findings, shown => [...shown.map(line), summary(shown)].join('\n'))
    })
}

function configurationFindings(configDir: string, problems: readonly string[]) {
  const name = 'configuration'
  if (problems.length === 0) return [{ name, ...allRight(`the three files in ${configDir} can be used`) }]
  return problems.map(problem => ({ name, ...wrong(problem, 'lxc-autoscale config check') }))
}

/** The checks, in the order in which a person would look. ADD YOURS HERE. */
function checks(path: string): Check[] {
  return [unitsRun, pctIsThere(path), cgroupMode, quorum, clock, diskSpace, freshData, apiAnswers, keysMatch, rawLimits]
}

async function findingOf(check: Check, patient: Patient): Promise<Finding & { readonly name: string }> {
  return { name: check.name, ...(await check.look(patient)) }
}

interface Examined {
  readonly patient: Patient
  readonly problems: readonly string[]
}

async function examined(configDir: string, client: Patient['client']): Promise<Examined> {
  const [{ MONITOR_RULES }, { MODEL_CONFIG_RULES }, { API_CONFIG_RULES }] = await Promise.all([
    import('@lxc-autoscale/monitor'),
    import('@lxc-autoscale/model'),
    import('@lxc-autoscale/api'),
  ])
  const problems: string[] = []
  const attempt = <Schema extends z.ZodType>(name: string, rules: ConfigRules<Schema>) => {
    const file = join(configDir, name)
    if (!existsSync(file)) problems.push(`${file}: not there; its daemon does not start without it`)
    try {
      return installedConfig(configDir, name, rules)
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      problems.push(...error.message.split('\n'))
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
