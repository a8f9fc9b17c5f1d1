import { z } from 'zod'

/** The section `host` that all three YAML files share: where the kernel's and Proxmox's files are. */
export const HostSection = z
  .strictObject({
    proc: z.string().min(1).default('/proc').describe('Where the proc file system is mounted.'),
    cgroup: z.string().min(1).default('/sys/fs/cgroup').describe('Where the cgroup file system is mounted.'),
    pve: z.string().min(1).default('/etc/pve').describe('Where the configuration file system of Proxmox is mounted.'),
  })
  .prefault({})
  .describe('Roots of the files that are read. Only a test or a captured host needs to change them.')
export type HostSection = z.output<typeof HostSection>
