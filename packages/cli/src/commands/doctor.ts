import { AutoscaleError } from '@lxc-autoscale/core'
import { Command } from 'commander'
import type { Check, Finding, Patient } from '../doctor/check.ts'
import { cgroupMode, clock, diskSpace, pctIsThere, quorum, unitsRun } from '../doctor/host-checks.ts'
import { apiAnswers, freshData, keysMatch } from '../doctor/service-checks.ts'
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
        ...problems.map(problem => ({
          name: 'configuration',
          isGood: false,
          detail: problem,
          mend: 'lxc-autoscale config check',
        })),
        ...(await Promise.all(checks(environment['PATH'] ?? '').map(check => findingOf(check, patient)))),
      ]
      if (findings.some(({ isGood }) => isGood === false)) process.exitCode = 1
      terminal.answer(findings, () => findings.map(line).join('\n'))
    })
}

/** The checks, in the order in which a person would look. ADD YOURS HERE. */
function checks(path: string): Check[] {
  return [unitsRun, pctIsThere(path), cgroupMode, quorum, clock, diskSpace, freshData, apiAnswers, keysMatch]
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
  const attempt = <Config>(read: () => Config): Config | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      problems.push(error.message)
      return undefined
    }
  }
  const patient = {
    configDir,
    client,
    nowMs: Date.now(),
    monitor: attempt(() => installedConfig(configDir, CONFIG_FILES.monitor, MONITOR_RULES)),
    model: attempt(() => installedConfig(configDir, CONFIG_FILES.model, MODEL_CONFIG_RULES)),
    api: attempt(() => installedConfig(configDir, CONFIG_FILES.api, API_CONFIG_RULES)),
  }
  return { patient, problems }
}

function line({ name, isGood, detail, mend }: Finding & { readonly name: string }): string {
  const mark = isGood === undefined ? warned('?') : markOf(isGood)
  return `${mark} ${name}: ${detail}${mend === '' ? '' : `\n    mend: ${mend}`}`
}

function markOf(isGood: boolean): string {
  return isGood ? good('ok') : bad('!!')
}
