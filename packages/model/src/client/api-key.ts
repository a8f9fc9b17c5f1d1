import { errorMessage, readRegularFile, systemErrorCode } from '@lxc-autoscale/core'

const MOST_BYTES = 1_048_576

/** A line of the key file that names its role, or holds a hash: not for this program. */
const NOT_PLAIN = /^([A-Za-z0-9._-]{1,64}:(read|scale|admin):|sha256:|\$)/

/** The first plain key in the text of a key file; undefined when there is none. */
export function firstPlainKey(text: string): string | undefined {
  return text
    .split('\n')
    .map(line => line.trim())
    .find(line => line !== '' && !line.startsWith('#') && !NOT_PLAIN.test(line))
}

/** The key that `file` holds now; undefined when it does not exist. Another problem is told to `onProblem`, and there is no key. */
export function readApiKey(file: string, onProblem: (problem: string) => void): string | undefined {
  if (file === '') return undefined
  try {
    return firstPlainKey(readRegularFile(file, MOST_BYTES))
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') onProblem(errorMessage(error))
    return undefined
  }
}
