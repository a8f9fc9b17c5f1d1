import { AutoscaleError, checkValues, keyText } from '@lxc-autoscale/core'
import { ScalingSection } from '@lxc-autoscale/model/scaling'

/**
 * The settings of a replay, checked as the model checks its configuration.
 * @throws {AutoscaleError} INVALID_REQUEST naming each key, its value and what would be right
 */
export function replaySettings(asked: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { config, problems } = checkValues(ScalingSection, asked)
  if (problems !== undefined) {
    const errors = problems.map(({ path, message }) => `${keyText(['settings', ...path])}: ${message}`)
    throw new AutoscaleError('INVALID_REQUEST', errors.join('; '), { details: { errors } })
  }
  return Object.fromEntries(Object.entries(config).filter(([key]) => Object.hasOwn(asked, key)))
}
