import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeFile } from '../fakes/program-file.ts'

const root = join(import.meta.dirname, '..', '..')

// Node.js cannot receive datagrams of the Unix family either, so Perl plays systemd: it prints each one, and its sender.
const RECEIVER = `
use strict; use Socket;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die; $| = 1; print "listening\\n";
for (1 .. $ARGV[1]) { recv($s, my $text, 4096, 0); $text =~ s/\\n/|/g; print "$text\\n" }
`

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-launcher-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface LauncherRun {
  readonly received: readonly string[]
  /** What the launched program printed. */
  readonly output: string
  readonly launcherPid: number | undefined
}

/** Launches Node.js with `script` as the units do, and gives `datagrams` of what it tells systemd. */
async function launch(
  script: string,
  datagrams: number,
  environment: Record<string, string> = {},
): Promise<LauncherRun> {
  const socket = join(folder, 'notify')
  const receiver = spawn('perl', ['-e', RECEIVER, socket, String(datagrams)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const received = textOf(receiver)
  await new Promise(resolve => receiver.stdout.once('data', resolve))
  const program = spawn(
    'perl',
    [
      join(root, 'systemd/notify-exec'),
      nodeFile(),
      '--conditions=@lxc-autoscale/source',
      '--input-type=module',
      '--eval',
      script,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...environment, NOTIFY_SOCKET: socket } },
  )
  const output = await textOf(program)
  return { received: (await received).trim().split('\n').slice(1), output, launcherPid: program.pid }
}

async function textOf(child: ReturnType<typeof spawn>): Promise<string> {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  await new Promise(resolve => child.once('close', resolve))
  return text
}

// Written in plain JavaScript: Node.js 20 does not run TypeScript, so the child reads the built file.
const NOTIFIER = `const { systemdNotifier } = await import(${JSON.stringify(join(root, 'packages/core/dist/daemon/notify-systemd.js'))})
const notify = systemdNotifier(process.env)\n`

test('what the daemon says reaches systemd, from the process that systemd started', async () => {
  const { received, output, launcherPid } = await launch(
    `${NOTIFIER} notify.ready('first cycle done'); notify.stopping(); console.log(process.pid, process.env.NOTIFY_SOCKET)`,
    2,
  )

  expect(received).toEqual(['READY=1|STATUS=first cycle done', 'STOPPING=1'])
  expect(output.trim()).toBe(`${launcherPid} undefined`)
})

test('a rare cycle makes the watchdog wait for three of them, a frequent one leaves it as the unit has it', async () => {
  const { received } = await launch(
    `${NOTIFIER} notify.alive('idle', 600000); notify.alive('idle', 1000); notify.alive('idle')`,
    3,
    {
      WATCHDOG_USEC: '90000000',
    },
  )

  expect(received).toEqual([
    'WATCHDOG_USEC=1800000000|WATCHDOG=1|STATUS=idle',
    'WATCHDOG_USEC=90000000|WATCHDOG=1|STATUS=idle',
    'WATCHDOG=1|STATUS=idle',
  ])
})

test('programs that the daemon starts do not inherit the socket', async () => {
  const script = `import { execFileSync } from 'node:child_process'
    import { readlinkSync } from 'node:fs'
    ${NOTIFIER} notify.ready('x')
    const socket = readlinkSync('/proc/self/fd/' + process.env.LXC_AUTOSCALE_NOTIFY_FD)
    const inherited = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' })
    console.log(/^socket:/.test(socket), inherited.includes(socket))`
  const { output } = await launch(script, 1)

  expect(output.trim()).toBe('true false')
})
