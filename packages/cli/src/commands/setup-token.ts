import { chmod, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { AutoscaleError, errorMessage, openBeside, parseJson, readRegularFile } from '@lxc-autoscale/core'
import { Command, Option } from 'commander'
import { execa } from 'execa'
import { z } from 'zod'
import { standardTerminal, type Terminal } from '../output/terminal.ts'
import { CONFIG_FILES } from './command-context.ts'
import { installedConfig } from './installed-config.ts'
import { removeHelper } from './remove-helper.ts'
import {
  dropSteps,
  grantSteps,
  isTokenStep,
  type PveumStep,
  revokeLines,
  shellLine,
  type TokenPlan,
  tokenId,
  tokenStep,
} from './token-plan.ts'

const COMMAND_TIMEOUT_MS = 60_000
/** The user that the API runs as reads the token by this group. */
const READER = 'lxc-autoscale-api'
const MOST_BYTES = 4_096

interface SetupOptions {
  readonly with?: string
  readonly run?: boolean
  readonly renew?: boolean
  readonly removeHelper?: boolean
  readonly configDir: string
}

/** `lxc-autoscale setup-token`: an API token of Proxmox with just what is needed, for the REST interface instead of pct as root. */
export function setupTokenCommand(): Command {
  return new Command('setup-token')
    .description('print, or carry out, what makes an API token of Proxmox with just what is needed (lxc.backend: rest)')
    .option('--with <features>', 'beside scaling, by commas: snapshots, storage, clones, cluster')
    .option('--run', 'carry it out, as root, and write the token file')
    .option('--renew', 'with --run: another secret in place of the one that there is')
    .addOption(
      new Option('--remove-helper', 'as root: take the helper that runs pct as root off this host').conflicts([
        'run',
        'with',
      ]),
    )
    .option('--config-dir <folder>', 'folder of the configuration files', '/etc/lxc_autoscale_ml')
    .action(async (options: SetupOptions) => {
      const { API_CONFIG_RULES, GRANTS, REST_FEATURES } = await import('@lxc-autoscale/api')
      const terminal = standardTerminal(false)
      const { lxc } = installedConfig(options.configDir, CONFIG_FILES.api, API_CONFIG_RULES)
      if (options.removeHelper) {
        requireRoot()
        await removeHelper(lxc.backend, terminal)
        return
      }
      requireKnown(namedIn(options.with), REST_FEATURES)
      const features = REST_FEATURES.filter(name => name === 'scaling' || namedIn(options.with).includes(name))
      const plan = { node: lxc.node ?? hostname().split('.')[0] ?? 'node', grants: GRANTS, features }
      const file = lxc.rest.token_file
      if (options.run) {
        requireRoot()
        await carryOut(plan, { file, isNew: options.renew === true, terminal })
        terminal.write([`${tokenId(plan.node)} may now: ${features.join(', ')}`, ...whatNext(plan.node)].join('\n'))
      } else terminal.write(printedPlan(plan, file).join('\n'))
    })
}

async function carryOut(plan: TokenPlan, place: TokenPlace): Promise<void> {
  const roles = await existingRoles()
  for (const step of [...grantSteps(plan), ...dropSteps(plan, roles)]) {
    if (isTokenStep(step)) await makeToken(plan.node, step, place)
    else await pveum(step)
  }
}

function namedIn(list = ''): readonly string[] {
  return list.split(',').filter(Boolean)
}

/** @throws {AutoscaleError} INVALID_REQUEST */
function requireKnown(named: readonly string[], known: readonly string[]): void {
  const unknown = named.find(name => !known.includes(name))
  if (unknown === undefined) return
  throw new AutoscaleError('INVALID_REQUEST', `${unknown} is no feature; there are ${known.join(', ')}`)
}

/** @throws {AutoscaleError} FORBIDDEN */
function requireRoot(): void {
  if (process.getuid?.() !== 0) throw new AutoscaleError('FORBIDDEN', 'that needs root')
}

function printedPlan(plan: TokenPlan, file: string): string[] {
  return [
    '# As root on this node; "lxc-autoscale setup-token --run" does the same.',
    ...grantSteps(plan).map(shellLine),
    '# VALUE is what the command "token add" has shown, which it does once:',
    `install -m 0640 -g ${READER} /dev/stdin ${file} <<< '${tokenId(plan.node)}=VALUE'`,
    ...whatNext(plan.node).map(line => `# ${line}`),
  ]
}

function whatNext(node: string): string[] {
  const [here = '', all = ''] = revokeLines(node)
  return [
    'then set lxc.backend to rest in lxc_autoscale_api.yaml: systemctl reload lxc_autoscale_api',
    'what the token may, and what is missing: lxc-autoscale doctor',
    'without anything that runs as root: lxc-autoscale setup-token --remove-helper',
    `to take it back: ${here}`,
    `to take it back on all nodes: ${all}`,
  ]
}

/** What `pveum` printed. @throws {AutoscaleError} PCT_MISSING, PCT_FAILED */
async function pveum({ words, isRepeatable }: PveumStep): Promise<string> {
  const { exitCode, stdout, stderr, code } = await execa('pveum', words, {
    reject: false,
    stdin: 'ignore',
    timeout: COMMAND_TIMEOUT_MS,
    env: { LC_ALL: 'C.UTF-8' },
  })
  if (exitCode === 0) return stdout
  if (isRepeatable && /already exists|does not exist|no such/i.test(stderr)) return ''
  if (code === 'ENOENT') throw new AutoscaleError('PCT_MISSING', 'pveum: not found on PATH; is this a Proxmox VE host?')
  const said = stderr.trim().split('\n').at(-1) ?? ''
  throw new AutoscaleError('PCT_FAILED', `pveum ${words.join(' ')}: ${said || 'it said nothing'}`)
}

async function existingRoles(): Promise<readonly string[]> {
  const words = ['role', 'list', '--output-format', 'json']
  const { data } = z
    .array(z.object({ roleid: z.string() }))
    .safeParse(parseJson(await pveum({ words, isRepeatable: false })))
  return (data ?? []).map(({ roleid }) => roleid)
}

interface TokenPlace {
  readonly file: string
  /** Whether another secret takes the place of one that is there. */
  readonly isNew: boolean
  readonly terminal: Terminal
}

/** Makes the token and writes its file. One whose value is there stays; of another one the value cannot be seen, so that it is replaced. */
async function makeToken(node: string, step: PveumStep, { file, isNew, terminal }: TokenPlace): Promise<void> {
  const isKept = !isNew && holdsToken(file, tokenId(node))
  const made = await pveum(step)
  if (made === '' && isKept) {
    terminal.write(`the token in ${file} stays (--renew makes another)`)
    return
  }
  if (made === '') await pveum(tokenStep(node, 'remove'))
  const printed = made === '' ? await pveum(step) : made
  const { data } = z.object({ value: z.string().min(8) }).safeParse(parseJson(printed))
  if (data === undefined) throw new AutoscaleError('PCT_FAILED', 'pveum user token add: it printed no value')
  await writeToken(file, `${tokenId(node)}=${data.value}\n`)
  terminal.write(`the token is in ${file}, which root and the group ${READER} can read`)
}

function holdsToken(file: string, id: string): boolean {
  try {
    return readRegularFile(file, MOST_BYTES).includes(`${id}=`)
  } catch {
    // What cannot be read holds none that could be used.
    return false
  }
}

/** Nobody but root can read it before it belongs to its group. */
async function writeToken(file: string, text: string): Promise<void> {
  const { aside, handle } = await openBeside(file, 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await execa('chgrp', [READER, aside], { timeout: COMMAND_TIMEOUT_MS })
    await chmod(aside, 0o640)
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true })
    throw new AutoscaleError(
      'STATE_INVALID',
      `${file} cannot be written: ${errorMessage(error)}; make the token again with --renew`,
    )
  } finally {
    await handle.close()
  }
}
