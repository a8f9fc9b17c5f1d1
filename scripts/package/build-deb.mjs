import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { MAINTAINER } from './stage-files.mjs'

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm']
const debian = join(import.meta.dirname, 'debian')

/**
 * Makes the package `outfile` of the files under `stage`. Same files and `date`, same bytes. xz, because dpkg of Debian 11
 * cannot read zstd; level 5, because 4 makes it 4 % larger for a quarter less time, and 6 takes a quarter more for half a percent.
 */
export function buildDeb({ stage, outfile, architecture, version, date, isCompressed }) {
  const control = join(stage, 'DEBIAN')
  mkdirSync(control, { recursive: true })
  const files = filesUnder(stage).filter(path => !path.startsWith('DEBIAN/'))
  const sizeKb = files.reduce((sum, path) => sum + Math.ceil(lstatSync(join(stage, path)).size / 1_024), 0)
  writeFileSync(join(control, 'control'), controlText({ architecture, version, sizeKb }))
  writeFileSync(
    join(control, 'conffiles'),
    files
      .filter(path => path.startsWith('etc/'))
      .map(path => `/${path}\n`)
      .join(''),
  )
  writeFileSync(
    join(control, 'md5sums'),
    files
      .filter(path => lstatSync(join(stage, path)).isFile())
      .map(path => `${md5(join(stage, path))}  ${path}\n`)
      .join(''),
  )
  for (const name of SCRIPTS) {
    writeFileSync(join(control, name), readFileSync(join(debian, name)))
    chmodSync(join(control, name), 0o755)
  }
  fixModes(stage)
  const compression = isCompressed ? ['-Zxz', '-z5'] : ['-Znone']
  execFileSync('dpkg-deb', ['--root-owner-group', ...compression, '--build', stage, outfile], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(Math.floor(date.getTime() / 1_000)) },
  })
}

function controlText({ architecture, version, sizeKb }) {
  return `Package: lxc-autoscale-ml
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${sizeKb}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 10), systemd (>= 247), passwd
Recommends: pve-container
Section: admin
Priority: optional
Homepage: https://github.com/fabriziosalmi/proxmox-lxc-autoscale-ml
Description: sizes the LXC containers of a Proxmox VE host to what they need
 Three daemons give every running container the CPU cores and the memory that
 it needs, without downtime and within limits that the administrator sets.
 lxc_monitor measures, lxc_autoscale_ml decides, lxc_autoscale_api changes
 containers by pct and keeps an audit log from which each change can be undone.
 .
 The package brings the Node.js that runs them.
`
}

/** All files and links under `folder`, sorted, as paths from there. */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

/** The modes must not depend on the umask of whoever builds. */
function fixModes(stage) {
  for (const entry of readdirSync(stage, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath ?? entry.path, entry.name), 0o755)
  }
  chmodSync(stage, 0o755)
  for (const name of ['control', 'conffiles', 'md5sums']) chmodSync(join(stage, 'DEBIAN', name), 0o644)
}

function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex')
}
