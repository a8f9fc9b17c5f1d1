import { describe, expect, test } from 'vitest'
import { commandFailure, hiddenFailure } from '../../../../packages/api/src/pct/failure.ts'

const LOCALE = `perl: warning: Setting locale failed.
perl: warning: Please check that your locale settings:
	LANGUAGE = (unset),
	LC_ALL = (unset),
	LANG = "de_DE.UTF-8"
    are supported and installed on your system.
perl: warning: Falling back to the standard locale ("C").
`

function failureOf(stderr: string, stdout = '', exitCode: number | undefined = 255) {
  return commandFailure({ commandLine: 'pct set 101 -cores 2', exitCode, stdout, stderr })
}

// Texts of Proxmox VE 9.1 and, where they differ, of older ones.
const KNOWN = [
  ["Configuration file 'nodes/pve/lxc/999.conf' does not exist", 'CONTAINER_NOT_FOUND'],
  ['CT is locked (backup)', 'CONTAINER_LOCKED'],
  ['CT is locked (snapshot-delete)', 'CONTAINER_LOCKED'],
  ["trying to acquire lock...\ncan't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout", 'CONTAINER_LOCKED'],
  ['Failed to obtain guest migration lock - replication running?', 'CONTAINER_LOCKED'],
  ['cluster not ready - no quorum?', 'NO_QUORUM'],
  ["unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.42' - Permission denied", 'NO_QUORUM'],
  ["unable to open file '/etc/pve/nodes/pve/lxc/100.conf.tmp.42' - Device or resource busy", 'NO_QUORUM'],
  ['ipcc_send_rec[1] failed: Connection refused', 'HOST_UNREADABLE'],
  [
    '400 Parameter verification failed.\ncores: value must have a minimum value of 1\npct set <vmid> [OPTIONS]',
    'INVALID_REQUEST',
  ],
  ['Unknown option: foo\n400 unable to parse option\npct set <vmid> [OPTIONS]', 'INVALID_REQUEST'],
  [
    "400 Parameter verification failed.\nmemory: unable to hotplug memory: closing file '/sys/fs/cgroup/memory/lxc/100/memory.limit_in_bytes' failed - Device or resource busy\npct set",
    'MEMORY_BELOW_FLOOR',
  ],
  ['400 Parameter verification failed.\ncpulimit: unable to hotplug cpulimit: Invalid argument\npct set', 'PCT_FAILED'],
  ["snapshot 'x' does not exist", 'SNAPSHOT_NOT_FOUND'],
  ["snapshot name 'x' already used", 'ALREADY_EXISTS'],
  ["CT 101 already exists on node 'a'", 'ALREADY_EXISTS'],
  ["unable to use snapshot name 'current' (reserved name)", 'INVALID_REQUEST'],
  ['CT 100 not running', 'STATE_NOT_ALLOWED'],
  ['CT 100 already running', 'STATE_NOT_ALLOWED'],
  ['unable to destroy CT 100 - container is running', 'STATE_NOT_ALLOWED'],
  ["you can't take a snapshot if it's a template", 'STATE_NOT_ALLOWED'],
  ["can't remove CT 100 - protection mode enabled", 'STATE_NOT_ALLOWED'],
  ['unable to remove CT 100 - used in HA resources and purge parameter not set.', 'STATE_NOT_ALLOWED'],
  ['snapshot feature is not available', 'STATE_NOT_ALLOWED'],
  ["can't rollback, 'x' is not most recent snapshot on 'local-zfs:subvol-100-disk-0'", 'STATE_NOT_ALLOWED'],
  ['unable to shrink disk size', 'STATE_NOT_ALLOWED'],
  ['clone failed: Full clone of a running container is only possible from a snapshot', 'STATE_NOT_ALLOWED'],
  ['Cannot do full clones on a running container without snapshots', 'STATE_NOT_ALLOWED'],
  ['detected modified configuration - file changed by other user? Try again.', 'ALLOCATION_MOVED'],
  ["hostname lookup 'nope' failed - failed to get address info for: nope: Name or service not known", 'NODE_NOT_FOUND'],
  ["startup for container '100' failed", 'PCT_FAILED'],
  ['please run as root', 'PCT_FAILED'],
  ["cfs-lock 'file-storage_cfg' error: no quorum!", 'NO_QUORUM'],
  ["can't resize this image format", 'STATE_NOT_ALLOWED'],
  ["storage 'nostorage' does not exist", 'STATE_NOT_ALLOWED'],
  ['no such logical volume pve/vm-101-disk-0', 'PCT_FAILED'],
  ['clone failed: no such logical volume pve/vm-101-disk-0', 'PCT_FAILED'],
  ["bridge 'vmbr9' does not exist", 'PCT_FAILED'],
  ['400 unable to parse boolean option\npct rollback <vmid> <snapname> [OPTIONS]', 'INVALID_REQUEST'],
  ['proxy handler failed: ssh: connect to host 10.1.1.2 port 22: No route to host', 'NODE_OFFLINE'],
  ['ssh: connect to host 10.1.1.2 port 22: Connection timed out', 'NODE_OFFLINE'],
] as const

describe.each(KNOWN)('%j', (text, code) => {
  test.each([1, 2, 4, 9, 11, 22, 25, 111, 255, undefined])(
    `is ${code} whatever the exit code (%s), also under locale noise`,
    exitCode => {
      expect(failureOf(`${LOCALE}${text}\n`, '', exitCode).code).toBe(code)
    },
  )
})

test('names the lock', () => {
  expect(failureOf('CT is locked (backup)\n')).toMatchObject({ retryable: true, details: { lock: 'backup' } })
})

test('names the file lock when the wait for it was too long', () => {
  expect(failureOf("can't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout\n").details['lock']).toBe('file')
})

test('what another one holds can be had later; what is not known can not', () => {
  const isRetryable = (text: string) => failureOf(`${text}\n`).retryable
  const held = ['CT is locked (backup)', "can't lock file '/x' - got timeout", 'Failed to obtain guest migration lock']
  expect(held.map(isRetryable)).toEqual([true, true, true])
  expect(isRetryable('something that nobody has seen before')).toBe(false)
})

test('a configuration that cannot be written leaves what was changed before it', () => {
  expect(failureOf('cluster not ready - no quorum?\n').leaves).toBe('untouched')
  expect(failureOf("unable to open file '/etc/pve/x.conf.tmp.1' - Permission denied\n").leaves).toBe('half-done')
})

test('takes no warning about an unknown setting for the failure', () => {
  const warning = "vm 101 - unable to parse value of 'foo' - unknown setting 'foo'"
  expect(failureOf(`${warning}\nbridge 'vmbr9' does not exist\n${warning}\n`).message).toContain('vmbr9')
  expect(hiddenFailure(`${warning}\n`)).toBeUndefined()
})

test('gives the parameters of a refused call and not its usage', () => {
  const stderr =
    "400 Parameter verification failed.\nmemory: type check ('integer') failed - got 'x'\npct set <vmid> [OPTIONS]\n"
  expect(failureOf(stderr).message).toBe("pct set 101 -cores 2: memory: type check ('integer') failed - got 'x'")
})

test('gives the last telling line of anything else', () => {
  expect(failureOf(`${LOCALE}first\nlast\n\n`).message).toBe('pct set 101 -cores 2: last')
})

test('finds what a worker said on its standard output', () => {
  expect(failureOf('', "snapshot 'x' does not exist\n").code).toBe('SNAPSHOT_NOT_FOUND')
})

test('says that it said nothing', () => {
  expect(failureOf('').message).toContain('it said nothing')
})

test('sees a failure behind exit code 0, and none in noise and warnings', () => {
  expect(hiddenFailure(`${LOCALE}lvextend: no space left\n`)).toBe('lvextend: no space left')
  expect(hiddenFailure(`${LOCALE}Task finished with 1 warning(s)!\n`)).toBeUndefined()
})
