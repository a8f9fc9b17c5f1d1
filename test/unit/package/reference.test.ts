import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { program } from '../../../packages/cli/src/main.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

interface CommandEntry {
  readonly path: string
  readonly usage: string
  readonly description: string
  readonly options: readonly { readonly long: string; readonly flags: string; readonly description: string }[]
  readonly children: readonly string[]
}
type Text = (entries: readonly CommandEntry[]) => string

const scripts = join(import.meta.dirname, '../../../scripts/reference')
const { commandTree }: { commandTree(command: Command): CommandEntry[] } = await import(`${scripts}/command-tree.mjs`)
const {
  bashCompletion,
  fishCompletion,
  zshCompletion,
}: {
  readonly bashCompletion: Text
  readonly fishCompletion: Text
  readonly zshCompletion: Text
} = await import(`${scripts}/completions.mjs`)
const { manPage }: { readonly manPage: Text } = await import(`${scripts}/man-page.mjs`)

const real = commandTree(await program({}))
const small = commandTree(
  new Command('lxc-autoscale')
    .addCommand(
      new Command('show').description("what's there").argument('<id>', 'which').option('--json', 'print JSON'),
    )
    .addCommand(new Command('config').addCommand(new Command('check').description('look at it'))),
)

test('the tree names each command with its path, options and children', () => {
  expect(small.map(({ path }) => path)).toEqual(['', 'show', 'config', 'config check'])
  expect(small[0]?.children).toEqual(['show', 'config'])
  expect(small[1]).toMatchObject({
    usage: '<id>',
    description: "what's there",
    options: [{ long: '--json', flags: '--json', description: 'print JSON' }],
  })
})

test('every command and every option is described', () => {
  for (const { path, description, options } of real) {
    expect({ path, description }).not.toMatchObject({ description: '' })
    for (const option of options) expect({ path, ...option }).not.toMatchObject({ description: '' })
  }
})

describe('the manual page', () => {
  test('has each command without children, escaped for roff', () => {
    const text = manPage(small)
    expect(text).toContain(".TP\n.B show <id>\nWhat's there.\n.RS\n.TP\n.B \\-\\-json\nPrint JSON.\n.RE\n")
    expect(text).toContain('.B config check')
    expect(text).not.toMatch(/^\.B config$/m)
  })

  test('no line of text is taken for a request', () => {
    const [show] = commandTree(
      new Command('lxc-autoscale').addCommand(new Command('show').description('.hidden files')),
    ).slice(1)
    expect(manPage(show === undefined ? [] : [show])).toContain('\n\\&.hidden files.\n')
  })

  test('names the exit codes, the environment and the files', () => {
    expect(manPage(real)).toMatch(
      /78 bad configuration[\s\S]*LXC_AUTOSCALE_API_KEY[\s\S]*NO_COLOR[\s\S]*\/etc\/lxc_autoscale_ml/,
    )
  })
})

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const file = join(temporaryDirectory(), 'completion.bash')
  writeFileSync(
    file,
    `${bashCompletion(real)}\nCOMP_WORDS=(lxc-autoscale "$@")\nCOMP_CWORD=$#\n_lxc_autoscale\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`,
  )
  return execFileSync('bash', [file, ...words], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
}

describe('completion', () => {
  test('offers commands, then their options or the commands below them', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['status', 'explain', 'doctor', 'config', '--help']))
    expect(offered('st')).toEqual(['status'])
    expect(offered('config', '')).toEqual(expect.arrayContaining(['check', 'show', 'diff', 'migrate']))
    expect(offered('history', '--')).toEqual(expect.arrayContaining(['--since', '--limit', '--json']))
    expect(offered('config', 'show', '--j')).toEqual(['--json'])
  })

  test('for zsh goes by way of that for bash', () => {
    expect(zshCompletion(real)).toMatch(/^#compdef lxc-autoscale\n/)
    expect(zshCompletion(real)).toContain(bashCompletion(real))
  })

  test('for fish quotes what is said', () => {
    expect(fishCompletion(small)).toContain("-a show -d 'what\\'s there'\n")
    expect(fishCompletion(small)).toContain("-n '__fish_seen_subcommand_from config' -a check -d 'look at it'")
  })
})
