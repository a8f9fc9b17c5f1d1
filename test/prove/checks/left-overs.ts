import { type Check, verdictOf } from './check.ts'

const TEMPORARY = /\.tmp$|\.new$|(?:^|\/)probe$/
const SET_ASIDE = /\.(?:damaged|unreadable).*$/
/** What is set aside is for a person to look at: the last few of each are enough. */
const MOST_SET_ASIDE = 3
/** A line may be written before the size is looked at. */
const LINE_BYTES = 20_000

export const noTemporaryFiles: Check = {
  name: 'no temporary file stays',
  about: 'after all faults and a stop no temporary file is left',
  run: ({ left: { files } }) => {
    const wrong = files.filter(({ path }) => TEMPORARY.test(path)).map(({ path }) => `${path} is left`)
    return { exercised: files.length, broken: wrong }
  },
}

export const fewSetAside: Check = {
  name: 'what is set aside is bounded',
  about: `of a damaged file at most ${MOST_SET_ASIDE} copies are kept`,
  run: ({ left: { files } }) => {
    const counts = new Map<string, number>()
    for (const { path } of files) {
      const name = path.replace(SET_ASIDE, '')
      if (name !== path) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return verdictOf([...counts], ([name, count]) =>
      count > MOST_SET_ASIDE ? `${count} damaged copies of ${name} are kept` : undefined,
    )
  },
}

export const logsBounded: Check = {
  name: 'logs are bounded',
  about: 'no log is larger than its configured size, with its backups',
  run: ({ left: { files }, settings }) => {
    const logs = files.filter(({ path }) => /\.log(?:\.\d+)?$/.test(path))
    const names = [...new Set(logs.map(({ path }) => path.replace(/\.\d+$/, '')))]
    return verdictOf(names, name => {
      const parts = logs.filter(({ path }) => path.startsWith(name))
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
      const most = (settings.logMaxBytes + LINE_BYTES) * (settings.logBackups + 1)
      return bytes <= most ? undefined : `${name} and its backups have ${bytes} bytes; ${most} are the most`
    })
  },
}

export const noProcessesLeft: Check = {
  name: 'no process stays',
  about: 'after the stop of the daemons no process of theirs is left',
  run: ({ left: { processes } }) => ({ exercised: 1, broken: processes.map(line => `left running: ${line}`) }),
}
