import type { OverviewHead } from '@lxc-autoscale/core'
import { localTimeText, VERSION } from '@lxc-autoscale/core/browser'
import type { Connection } from './connection.ts'

/** Something that must be known before the rest of the page is read. */
export interface Banner {
  /** Tells it from the others; stays when its figures move on. */
  readonly about: string
  readonly tone: 'bad' | 'warn'
  readonly text: string
  /** A command that mends it; empty: there is none. */
  readonly mend: string
}

/** What stands above every page, the gravest first. */
export function bannersOf(head: OverviewHead | undefined, connection: Connection): readonly Banner[] {
  if (head === undefined) return lostBanners(connection)
  const { verdict, daemons, failed_checks: checks, is_authenticated: isAuthenticated, is_dry_run: isDryRun } = head
  const problems = verdict?.problems ?? []
  const isTold = (...codes: readonly string[]) => problems.some(({ code }) => codes.includes(code))
  const down = daemons.filter(({ name, state }) => {
    if (state !== 'not running') return false
    return name.includes('monitor') ? !isTold('data_stale', 'metrics_unreadable') : !isTold('model_not_running')
  })
  const tone = verdict?.state === 'stuck' ? 'bad' : 'warn'
  return [
    ...lostBanners(connection),
    ...(head.version === VERSION ? [] : [otherVersion(head.version)]),
    ...problems.map(({ code, text, mend }): Banner => ({ about: code, tone, text, mend })),
    ...down.map(
      ({ name, detail }): Banner => ({
        about: name,
        tone: 'bad',
        text: `${name} does not run`,
        mend: commandIn(detail),
      }),
    ),
    ...checks
      .filter(({ name }) => !COVERED.has(name))
      .map(
        ({ name, detail }): Banner => ({
          about: name,
          tone: 'bad',
          text: `${name.replaceAll('_', ' ')}: ${detail}`,
          mend: '',
        }),
      ),
    ...(isDryRun === true && !isTold('dry_run') ? [DRY_RUN] : []),
    ...(isAuthenticated ? [] : [OPEN]),
  ]
}

const DRY_RUN: Banner = {
  about: 'dry_run',
  tone: 'warn',
  text: 'Dry run: it is said what would be changed, and nothing is.',
  mend: '',
}
const OPEN: Banner = {
  about: 'authentication',
  tone: 'warn',
  text: 'Authentication is off: whoever reaches this page may change containers (authentication.enabled of lxc_autoscale_api.yaml).',
  mend: '',
}

function otherVersion(version: string): Banner {
  const text = `The API has version ${version} by now, and this page is of ${VERSION}: load it anew.`
  return { about: 'version', tone: 'warn', text, mend: '' }
}

/** Checks whose failure the daemons and the verdict tell better. */
const COVERED: ReadonlySet<string> = new Set(['metrics', 'model', 'monitor'])

function lostBanners(connection: Connection): readonly Banner[] {
  if (connection.state !== 'lost') return []
  const { sinceMs, reason } = connection
  const since = sinceMs === undefined ? 'Not live' : `Not live since ${localTimeText(sinceMs)}`
  const shown = sinceMs === undefined ? '' : ' What is shown is from then.'
  return [
    { about: 'connection', tone: 'bad', text: `${since}: ${reason}.${shown} It is tried again by itself.`, mend: '' },
  ]
}

/** A part of what mends something: a command to run, or words. */
export interface MendPart {
  readonly text: string
  readonly isCommand: boolean
}

/** What mends something may be several commands, and words between. */
export function mendParts(mend: string): readonly MendPart[] {
  const parts = mend.split('; ').filter(text => text !== '')
  return parts.map(text => ({ text, isCommand: COMMAND.test(text) }))
}

/** A line for a shell as the verdict writes them, not a sentence that begins with a command. */
const COMMAND = /^((systemctl|journalctl|systemd-tmpfiles|df) [^,:]+|lxc-autoscale \w+( --?[\w-]+| \d+\w?)*)$/

/** The command in a sentence such as "its newest figures are 240 s old: systemctl restart lxc_monitor". */
function commandIn(detail: string): string {
  return /\bsystemctl \w+ [\w.@-]+/.exec(detail)?.[0] ?? ''
}
