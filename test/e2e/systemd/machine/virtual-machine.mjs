import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const BUILD = join(import.meta.dirname, 'build-image.sh')
const TIME_LIMIT_MS = 900_000
const MIB = 1_048_576

/** A throw-away host that is a virtual machine: pure cgroup v2 with all controllers. Emulated, so it runs everywhere and is slow. */
export class VirtualMachine {
  #root
  #work
  #process

  constructor({ root, work }) {
    this.#root = root
    this.#work = work
  }

  /** Runs the groups of checks; `onLine` gets each line that they print. */
  async run({ tests, packages, groups, onLine }) {
    const recipe = createHash('sha256').update(readFileSync(BUILD)).digest('hex').slice(0, 12)
    const image = `${this.#root}-image-${recipe}`
    await promisify(execFile)(BUILD, [this.#root, image])
    const input = this.#inputDisk({ tests, packages, command: `/e2e/checks/run /packages ${groups.join(' ')}` })
    const child = spawn('qemu-system-x86_64', qemuArguments(image, input), { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    const timer = setTimeout(() => this.stop(), TIME_LIMIT_MS)
    let isDone = false
    for await (const raw of createInterface({ input: child.stdout })) {
      const line = plain(raw)
      isDone ||= line === '# exit code 0'
      onLine(line)
    }
    clearTimeout(timer)
    if (!isDone) throw new Error('the checks in the virtual machine did not come to their end')
  }

  stop() {
    this.#process?.kill('SIGKILL')
  }

  /** A tar file, as a disk: what the guest needs, in the places where it is to be. */
  #inputDisk({ tests, packages, command }) {
    const folder = join(this.#work, 'input')
    mkdirSync(folder)
    cpSync(tests, join(folder, 'e2e'), { recursive: true })
    cpSync(packages, join(folder, 'packages'), { recursive: true })
    writeFileSync(join(folder, 'e2e-command'), command)
    const disk = join(this.#work, 'input.tar')
    execFileSync('tar', ['--directory', folder, '--create', '--file', disk, '.'])
    truncateSync(disk, Math.ceil(statSync(disk).size / MIB) * MIB)
    return disk
  }
}

function qemuArguments(image, input) {
  const kernel = [
    'root=PARTUUID=e2e00001-01 rootwait rw console=ttyS0 quiet panic=-1 psi=1',
    'systemd.show_status=0 mitigations=off random.trust_cpu=on apparmor=0 selinux=0',
  ].join(' ')
  return [
    ['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '3072'],
    ['-kernel', join(image, 'vmlinuz'), '-append', kernel],
    // Nothing that a run writes stays in the image.
    [
      '-drive',
      `file=${join(image, 'disk.img')},if=none,id=root,format=raw,snapshot=on`,
      '-device',
      'nvme,drive=root,serial=root',
    ],
    ['-drive', `file=${input},if=none,id=input,format=raw,readonly=on`, '-device', 'nvme,drive=input,serial=input'],
    ['-nographic', '-no-reboot', '-nic', 'none'],
  ].flat()
}

/** A line of the serial console without its colours and carriage returns. */
function plain(line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is to be removed
  return line.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|\r/g, '')
}
